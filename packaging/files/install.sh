#!/bin/sh
# Installs @name@ @version@ from this folder, without a package manager.
#
#   ./install.sh              installs, or replaces an installed version
#   ./install.sh --remove     removes the program; settings and data stay
#   ./install.sh --purge      removes everything
set -e
umask 022

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

cd "$(dirname "$0")"
[ "$(id -u)" -eq 0 ] || fail "Only root may install @name@: run sudo ./install.sh."
exec 9>/run/@name@.install
if command -v flock >/dev/null; then
  flock -n 9 || fail "Another installation of @name@ is running: wait until it ends."
fi
for command in dpkg-query rpm; do
  if command -v "$command" >/dev/null; then
    case $command in
      dpkg-query) package=$(dpkg-query -W -f '${db:Status-Status}' @name@ 2>/dev/null || true) ;;
      rpm) package=$(rpm -q @name@ >/dev/null 2>&1 && echo installed || true) ;;
    esac
    [ "$package" != installed ] || fail "@name@ is installed as a package: remove the package first, or upgrade with the package of this version."
  fi
done

@host@

remove_files() {
  # What this version has. What an earlier one had beside it is in the program's own folder.
  rm -rf @folder@ @folder@.new
  while read -r path; do
    rm -f "$path"
  done <files.txt
  # Folders of shells and manuals, where this was the only file.
  sed 's|/[^/]*$||' files.txt | sort -ru | while read -r folder; do
    rmdir --parents --ignore-fail-on-non-empty "$folder" 2>/dev/null || true
  done
  if has_systemd; then
    systemctl daemon-reload
  fi
  rm -f /run/@name@.install
}

case "$1" in
  --remove)
    end_service
    remove_files
    echo "@name@ is removed. Settings and data are kept: ./install.sh --purge removes them too."
    exit 0
    ;;
  --purge)
    end_service
    remove_files
    remove_everything
    echo "@name@ is removed, with its settings and data."
    exit 0
    ;;
  '') ;;
  *) fail "$1 is no option: give none, --remove or --purge." ;;
esac

[ "$(uname -s) $(uname -m)" = "Linux @machine@" ] ||
  fail "This archive is for Linux on @machine@, and this machine is $(uname -s) on $(uname -m): take the archive for it."
needed=$(du -sk root | cut -f 1)
free=$(df -Pk /usr | awk 'NR == 2 { print $4 }')
[ "$free" -gt "$needed" ] ||
  fail "/usr has $free KiB free, and @name@ needs $needed KiB: make room, and run this again. Nothing was changed."
# Node says which version of which library is missing.
if ! said=$(root@folder@/node --version 2>&1); then
  fail "The Node of @name@ does not start here ($(echo "$said" | head -n 1)): it needs glibc 2.28 or newer with libstdc++ and libatomic. Install these libraries (Debian: libstdc++6 libatomic1; Red Hat: libstdc++ libatomic), or use a newer release of the system. Nothing was changed."
fi

# The new files are complete on the disk before the old ones go: what an interruption leaves is removed by the next run.
rm -rf @folder@.new
mkdir -p @folder@.new
cp -R root@folder@/. @folder@.new/
pause_service
rm -rf @folder@
mv @folder@.new @folder@
while read -r path; do
  mkdir -p "$(dirname "$path")"
  cp -P "root$path" "$path.new"
  mv "$path.new" "$path"
done <files.txt
mkdir -p /etc/waybill
make_user
make_folders
give_access
resume_service
rm -f /run/@name@.install
echo "@name@ @version@ is installed. Set it up with: @setup@"
has_systemd || echo "This host has no systemd, so nothing starts it: start @name@ @serve@ --config /etc/waybill/@settings@ as the user @user@."
