@host@
if has_systemd; then
  systemctl daemon-reload
fi
