#!/bin/sh
# Starts @name@ in the Node that comes with it.
@environment@
# Compiled code is kept only where a service has a folder for it.
if [ -z "$NODE_COMPILE_CACHE" ]; then
  export NODE_DISABLE_COMPILE_CACHE=1
fi
# Node calls its access to the C library an experiment, which the report to systemd needs (config/supervisor.ts).
exec @folder@/node --disable-warning=ExperimentalWarning @options@ @folder@/bin/@name@.js "$@"
