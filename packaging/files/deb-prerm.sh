#!/bin/sh
set -e
@host@
case "$1" in
  upgrade | failed-upgrade) pause_service ;;
  remove | deconfigure) end_service ;;
esac
