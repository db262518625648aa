# What the tests need, found or installed. Sourced by with-services.

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# find_postgres sets PG_BIN to the folder of the newest server's programs, which
# Debian keeps out of the PATH.
find_postgres() {
	local folder
	PG_BIN=
	for folder in "$(dirname "$(command -v initdb || true)")" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
		if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_isready" ]; then
			PG_BIN=$folder
			return
		fi
	done
	return 1
}

find_redis() { have redis-server && have redis-cli; }

find_chromium() {
	local name
	[ -z "${CHROMIUM:-}" ] || return 0
	for name in chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"/Applications/Chromium.app/Contents/MacOS/Chromium"; do
		if have "$name"; then
			CHROMIUM=$(command -v "$name")
			export CHROMIUM
			return
		fi
	done
	return 1
}

# The race detector needs a C compiler.
find_compiler() { have "$(go env CC)"; }

# find_all finds every part, or installs what is missing.
find_all() {
	local packages=() parts=()
	if [ -z "${TEST_DATABASE_URL:-}" ] && ! find_postgres; then
		parts+=("PostgreSQL 15 or newer (or TEST_DATABASE_URL)") packages+=(postgresql)
	fi
	if [ -z "${TEST_REDIS_URL:-}" ] && ! find_redis; then
		parts+=("Redis 7 or newer (or TEST_REDIS_URL)") packages+=(redis-server)
	fi
	find_chromium || { parts+=("Chromium or Chrome (or CHROMIUM)"); packages+=(chromium); }
	find_compiler || { parts+=("a C compiler, for go test -race"); packages+=(gcc libc6-dev); }
	[ ${#parts[@]} -gt 0 ] || return 0

	if [ "$(id -u)" != 0 ] || [ ! -e /etc/debian_version ] || ! have apt-get; then
		printf 'Missing: %s\n' "${parts[@]}" >&2
		die "install these and try again (root on Debian gets: apt-get install ${packages[*]})"
	fi
	install "${packages[@]}"
	[ -n "${TEST_DATABASE_URL:-}" ] || find_postgres || die "PostgreSQL is still missing"
	[ -n "${TEST_REDIS_URL:-}" ] || find_redis || die "Redis is still missing"
	find_chromium || die "Chromium is still missing"
	find_compiler || die "the C compiler is still missing"
}

# install waits for another installation that may be under way.
install() {
	echo "Installing $*" >&2
	export DEBIAN_FRONTEND=noninteractive
	local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
	{
		"${apt[@]}" update
		"${apt[@]}" install -y --no-install-recommends "$@"
	} </dev/null >&2
}
