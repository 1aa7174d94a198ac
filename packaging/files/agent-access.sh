
# The agent reads the system's own audit files without root: by the group adm, and where auditd has another group (log_group), by an ACL.
give_access() {
  if getent group adm >/dev/null; then
    usermod --append --groups adm @user@
  fi
  if [ -d /var/log/audit ] && command -v setfacl >/dev/null; then
    setfacl --modify user:@user@:rx --default --modify user:@user@:r /var/log/audit || true
    find /var/log/audit -maxdepth 1 -type f -exec setfacl --modify user:@user@:r {} + || true
  fi
}

forget_access() {
  if [ -d /var/log/audit ] && command -v setfacl >/dev/null && getent passwd @user@ >/dev/null; then
    setfacl --remove user:@user@ /var/log/audit || true
    setfacl --default --remove user:@user@ /var/log/audit || true
    # The last entry of a user or a group leaves those of owner and others behind.
    if ! getfacl --default --omit-header /var/log/audit | grep -Eq '^(user|group):[^:]'; then
      setfacl --remove-default /var/log/audit || true
    fi
    find /var/log/audit -maxdepth 1 -type f -exec setfacl --remove user:@user@ {} + || true
  fi
}
