# What a host needs besides the files. Every step may be done again: an installation that was interrupted is completed by the next one.

make_user() {
  if ! getent group @user@ >/dev/null; then
    groupadd --system @user@
  fi
  if ! getent passwd @user@ >/dev/null; then
    useradd --system --gid @user@ --home-dir /var/lib/@name@ --no-create-home \
      --shell "$(command -v nologin || echo /usr/sbin/nologin)" --comment '@title@' @user@
  fi
}

make_folders() {
  mkdir -p /var/lib/@name@
  chown @user@:@user@ /var/lib/@name@
  chmod 0700 /var/lib/@name@
  # Settings may name secrets: only root changes them, and only the program reads them. They are no file of the package, so nothing ever replaces them.
  if [ -e /etc/waybill/@settings@ ]; then
    chown root:@user@ /etc/waybill/@settings@
    chmod 0640 /etc/waybill/@settings@
  fi
}

has_systemd() {
  [ -d /run/systemd/system ] && command -v systemctl >/dev/null
}

# Node loads code when it is first used: a program whose files were replaced under it could mix two versions. So it is stopped before, and begins again after.
pause_service() {
  if has_systemd && systemctl is-active --quiet @unit@; then
    : >/run/@name@.upgrade
    systemctl stop @unit@
  fi
}

resume_service() {
  has_systemd || return 0
  systemctl daemon-reload
  if [ -e /run/@name@.upgrade ]; then
    rm -f /run/@name@.upgrade
    systemctl start @unit@ || echo "@name@ does not start: see journalctl -u @unit@" >&2
  fi
}

end_service() {
  if has_systemd; then
    systemctl stop @unit@ || true
  fi
}

remove_everything() {
  forget_access
  rm -rf /var/lib/@name@ /var/cache/@name@
  for own in @settings@ @written@; do
    rm -rf "/etc/waybill/$own"
  done
  rm -f /etc/systemd/system/*.wants/@unit@ /run/@name@.upgrade
  if [ -d /etc/waybill ]; then
    rmdir --ignore-fail-on-non-empty /etc/waybill
  fi
  if getent passwd @user@ >/dev/null; then
    userdel @user@
  fi
  if getent group @user@ >/dev/null; then
    groupdel @user@
  fi
}
