#!/bin/sh
# What must not compile in a generator's body does not, by gcc and by clang, with the flags that configure
# uses; the compiler's message is the one a programmer can do something with.  TAP.
set -u
top=$(cd "${top_srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-std=gnu17 -D_GNU_SOURCE -I$top -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla
	-Wimplicit-fallthrough -Werror"
number=0

compilers=
command -v gcc >/dev/null && compilers="$compilers gcc"
command -v clang >/dev/null && compilers="$compilers clang"
if [ -z "$compilers" ]; then
	echo "1..0 # SKIP needs gcc or clang"
	exit 0
fi

# body <<statements: between BEGIN and END of a function.
body() {
	cat >"$tmp/body.c" <<-'C'
	#include "async/async_generator.h"
	#include "async/delegate.h"
	#include <stdlib.h>
	struct frame { int i; struct promise *promise; struct iterator *of; struct iterator_request request; struct delegate delegate; };
	struct promise *get(int i);
	void use(int i);
	void release(int *i);
	enum step tested(struct coroutine *co, void *frame);
	enum step tested(struct coroutine *co, void *frame)
	{
		struct frame *self = frame;

	C
	cat >>"$tmp/body.c"
	echo "}" >>"$tmp/body.c"
}

compile() {
	strict=
	[ "$1" = gcc ] && strict=-Werror=jump-misses-init
	# shellcheck disable=SC2086
	LC_ALL=C "$1" $flags $strict "$2" -c -o "$tmp/body.o" "$tmp/body.c" >"$tmp/said" 2>&1
}

report() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$tmp/said"
	fi
}

compiles() {
	for compiler in $compilers; do
		for level in -O0 -O2; do
			compile "$compiler" "$level"
			report $? "$1 compiles ($compiler $level)"
		done
	done
}

# fails NAME GCC-SAYS CLANG-SAYS [LEVEL...]
fails() {
	name=$1 gcc_says=$2 clang_says=$3
	shift 3
	[ $# -gt 0 ] || set -- -O0
	for compiler in $compilers; do
		says=$gcc_says
		[ "$compiler" = clang ] && says=$clang_says
		for level in "$@"; do
			! compile "$compiler" "$level" && grep -Eq "$says" "$tmp/said"
			report $? "$name does not compile ($compiler $level)"
		done
	done
}

body <<'C'
	BEGIN(co);
	for (self->i = 0; self->i < 3; self->i++) {
		AWAIT(get(self->i));
		if (co->value.number < 0)
			THROW(-EIO);
		{
			int short_lived = self->i * 2;

			use(short_lived);
		}
		YIELD(self);
	}
	AWAIT_NEXT(self->of, &self->request);
	DELEGATE(&self->delegate, self->of);
	RETURN(self);
	FINALLY;
	AWAIT(get(2));
	CLOSE(self->of, &self->request);
	END;
C
compiles "a body that keeps to the rules"

body <<'C'
	BEGIN(co);
	AWAIT(get(1));
	use(self->i);
	END;
C
fails "a body without FINALLY" "label 'coroutine_finally_' used but not defined" \
	"undeclared label 'coroutine_finally_'" -O0 -O2

body <<'C'
	BEGIN(co);
	AWAIT(get(1));
	FINALLY;
	use(self->i);
C
fails "a body without END" "expected|control reaches" "expected|control reaches"

body <<'C'
	BEGIN(co);
	AWAIT(get(1));
	FINALLY;
	use(self->i);
	FINALLY;
	END;
C
fails "a body with two FINALLY" "duplicate label" "redefinition of label"

body <<'C'
	BEGIN(co);
	int kept = self->i;

	AWAIT(get(1));
	use(kept);
	FINALLY;
	END;
C
fails "a local that lives across an AWAIT" "jump-misses-init" "uninitialized|bypasses" -O0 -O2

body <<'C'
	BEGIN(co);
	for (int i = 0; i < 3; i++)
		YIELD(get(i));
	FINALLY;
	use(self->i);
	END;
C
fails "a loop's local across a YIELD" "jump-misses-init" "uninitialized|bypasses" -O0 -O2

body <<'C'
	int kept;

	BEGIN(co);
	kept = self->i;
	AWAIT(get(1));
	use(kept);
	FINALLY;
	END;
C
fails "a local without initialiser across an AWAIT" "uninitialized" "uninitialized" -O2

body <<'C'
	BEGIN(co);
	use(AWAIT(get(1)));
	FINALLY;
	use(self->i);
	END;
C
fails "AWAIT as an expression" "expected expression" "expected expression"

body <<'C'
	BEGIN(co);
	self->i = AWAIT(get(1));
	FINALLY;
	END;
C
fails "assigning an AWAIT" "expected expression" "expected expression"

body <<'C'
	BEGIN(co);
	AWAIT(get(1)); AWAIT(get(2));
	FINALLY;
	use(self->i);
	END;
C
fails "two AWAITs on one line" "duplicate case value" "duplicate case value"

body <<'C'
	BEGIN(co);
	__attribute__((cleanup(release))) int resource = 1;

	AWAIT(get(1));
	use(resource);
	FINALLY;
	use(self->i);
	END;
C
fails "a cleanup attribute across an AWAIT" "jump-misses-init" "protected scope|uninitialized|bypasses"

body <<'C'
	BEGIN(co);
	int many[self->i];

	AWAIT(get(1));
	use(many[0]);
	FINALLY;
	END;
C
fails "an array of variable length across an AWAIT" "variable length array|variably modified" \
	"variable length array|protected scope"

body <<'C'
	AWAIT(get(1));
	FINALLY;
	use(self->i);
	END;
C
fails "a body without BEGIN" "coroutine_" "coroutine_|expected"

echo "1..$number"
