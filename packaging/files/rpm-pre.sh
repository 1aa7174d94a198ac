@host@
if [ "$1" -gt 1 ]; then
  pause_service
fi
