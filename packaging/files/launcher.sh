#!/bin/sh
# Starts @name@ in the Node that comes with it.
@environment@
# Compiled code is kept only where a service has a folder for it.
if [ -z "$NODE_COMPILE_CACHE" ]; then
  export NODE_DISABLE_COMPILE_CACHE=1
fi
exec @folder@/node @options@ @folder@/bin/@name@.js "$@"
