#!/bin/sh
# awaitctl on a real (pseudo) terminal: script(1) makes one.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
plan 7
if ! command -v script >/dev/null; then
	for claim in text colours no_color dumb width wider interrupt; do
		skip "on_a_terminal_$claim" "there is no script(1)"
	done
	exit 0
fi

TZ=UTC TERM=xterm
export TZ TERM
escape=$(printf '\033')

# on_terminal COLUMNS ARG...: what awaitctl shows there of one event, in $out.
on_terminal()
{
	columns=$1
	shift
	serve "accept
		send $hello
		expect {\"subscribe\":[\"door\"],\"id\":0}
		send {\"subscribed\":\"door\",\"next\":1,\"epoch\":\"e\",\"is\":\"up\"}
		send {\"reply\":\"subscribe\",\"id\":0,\"count\":1}
		send {\"stream\":\"door\",\"seq\":1,\"time\":\"2020-11-20T11:15:59.1Z\",\"value\":1,\"edge\":\"rising\"}
		eof"
	script -qec "stty cols $columns; $awaitctl subscribe door --count 1 -s $socket $*" /dev/null \
		</dev/null | tr -d '\r' >"$out" 2>"$errors"
	served
}

on_terminal 80 --color never
claim a_terminal_gets_text shown '11:15:59.100  door  1  edge=rising'
on_terminal 80
claim a_terminal_gets_colours shown "$escape[1m1$escape[0m"
NO_COLOR=1; export NO_COLOR
on_terminal 80
unset NO_COLOR
claim NO_COLOR_is_heeded shown '11:15:59.100  door  1  edge=rising'
TERM=dumb
on_terminal 80
TERM=xterm
claim a_dumb_terminal_gets_no_colours shown '11:15:59.100  door  1  edge=rising'
on_terminal 26 --color never
claim lines_are_cut_to_the_window shown '11:15:59.100  door  1  ed…'
on_terminal 80 --json
claim json_is_json_on_a_terminal_too shown '"value":1,"edge":"rising"}'

serve "accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"id\":0}
	send {\"subscribed\":\"door\",\"next\":1,\"epoch\":\"e\",\"is\":\"up\"}
	send {\"reply\":\"subscribe\",\"id\":0,\"count\":1}
	flood door 1
	eof"
mkfifo "$folder/keys"
rm -f "$out"
# A shell's background job ignores SIGINT, and so would what script runs in it.
script -qec "env --default-signal=INT $awaitctl subscribe door -s $socket" /dev/null <"$folder/keys" >"$out" 2>"$errors" &
terminal=$!
exec 3>"$folder/keys"
while [ ! -s "$out" ] && kill -0 $terminal 2>/dev/null; do sleep 0.05; done
printf '\003' >&3
wait $terminal
status=$?
exec 3>&-
served
claim control_c_ends_it_as_an_interrupt ended 130
