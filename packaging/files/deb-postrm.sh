#!/bin/sh
set -e
@host@
if [ "$1" = purge ]; then
  remove_everything
fi
if has_systemd; then
  systemctl daemon-reload
fi
