# Debian packages of the real servers. Sourced by scripts/real-servers.

declare -A PACKAGE_OF=(
  [ceph-mon]=ceph-mon [ceph-osd]=ceph-osd [radosgw]=radosgw [radosgw-admin]=radosgw
  [ceph]=ceph-common [ceph-authtool]=ceph-common [monmaptool]=ceph-common
  [java]=default-jre-headless [cc]='gcc libc6-dev' [curl]='curl ca-certificates'
)

# install_packages -> installs the packages of the commands that are missing
install_packages() {
  local command packages=()
  for command in "${!PACKAGE_OF[@]}"; do
    # Word splitting is meant: one command may need several packages.
    command -v "$command" >/dev/null || packages+=(${PACKAGE_OF[$command]})
  done
  [ "${#packages[@]}" -gt 0 ] || return 0
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  command -v apt-get >/dev/null || { say "needs ${packages[*]} of Debian 12, and there is no apt-get here"; return 1; }
  [ "$(id -u)" = 0 ] || { say "as root: apt-get install --no-install-recommends ${packages[*]}"; return 1; }
  say "installing ${packages[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "${packages[@]}" >&2
}
