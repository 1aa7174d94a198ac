#!/bin/sh
set -e
@host@
if [ "$1" = configure ] || [ "$1" = abort-upgrade ] || [ "$1" = abort-remove ] || [ "$1" = abort-deconfigure ]; then
  make_user
  make_folders
  give_access
  resume_service
fi
