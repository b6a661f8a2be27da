# Every test program links the rooms as they ship.
TEST_LIBS = $(ROOMS) $(CMOCKA_LIBS) $(ROOM_LIBS)
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests

# allocations that a test refuses
REFUSED = %D%/refused.c %D%/refused.h
REFUSED_LINK = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup

# async/ beside Node: the programs of tests/oracle on async/'s own generators
noinst_PROGRAMS += tests/trace-tool
tests_trace_tool_SOURCES = \
	%D%/trace-tool.c \
	%D%/trace/activation.c \
	%D%/trace/activation.h \
	%D%/trace/array.c \
	%D%/trace/call.c \
	%D%/trace/callbacks.c \
	%D%/trace/consumer.c \
	%D%/trace/control.c \
	%D%/trace/instance.c \
	%D%/trace/instance.h \
	%D%/trace/iterate.c \
	%D%/trace/keep.c \
	%D%/trace/keep.h \
	%D%/trace/manual.c \
	%D%/trace/parse.c \
	%D%/trace/parse.h \
	%D%/trace/parse_expr.c \
	%D%/trace/parse_statement.c \
	%D%/trace/program.h \
	%D%/trace/promises.c \
	%D%/trace/run.c \
	%D%/trace/run.h \
	%D%/trace/statement.c \
	%D%/trace/value.c \
	%D%/trace/value.h
tests_trace_tool_LDADD = libasync.a $(JANSSON_LIBS)
dist_check_SCRIPTS += %D%/test-traces.sh %D%/test-traces-random.sh %D%/test-async-traps.sh
TESTS += %D%/test-traces.sh %D%/test-traces-random.sh %D%/test-async-traps.sh
EXTRA_DIST += %D%/oracle %D%/traces %D%/mutants.txt

# daemon: as a whole
check_PROGRAMS += tests/lines tests/supervisor
tests_lines_SOURCES = %D%/lines.c
tests_lines_LDADD = libbase.a
tests_supervisor_SOURCES = %D%/supervisor.c %D%/manager.c %D%/manager.h
tests_supervisor_LDADD = libbase.a
EXTRA_DIST += %D%/daemon-lib.sh %D%/systemd-claims.sh %D%/tap-lib.sh
dist_check_SCRIPTS += \
	%D%/test-daemon-config.sh \
	%D%/test-daemon-restart.sh \
	%D%/test-daemon-run.sh \
	%D%/test-systemd.sh
TESTS += \
	%D%/test-daemon-config.sh \
	%D%/test-daemon-restart.sh \
	%D%/test-daemon-run.sh \
	%D%/test-systemd.sh

# the programs of docs/async.md
dist_check_SCRIPTS += %D%/test-docs-async.sh
TESTS += %D%/test-docs-async.sh

# the daemon, killed under load
check_PROGRAMS += tests/kills
traffic_sources = \
	%D%/manager.c \
	%D%/manager.h \
	%D%/traffic.c \
	%D%/traffic.h \
	%D%/traffic_lines.c \
	%D%/traffic_private.h
tests_kills_SOURCES = %D%/kills.c $(traffic_sources)
tests_kills_LDADD = libbase.a
check_PROGRAMS += tests/damage
tests_damage_SOURCES = %D%/damage.c $(traffic_sources)
tests_damage_LDADD = $(ROOMS) $(ROOM_LIBS)
dist_check_SCRIPTS += %D%/test-damage.sh %D%/test-kills.sh
TESTS += %D%/test-damage.sh %D%/test-kills.sh

# what survives SIGKILL, as a model
dist_check_SCRIPTS += %D%/test-model.sh
TESTS += %D%/test-model.sh
EXTRA_DIST += %D%/model

# input that kills the daemon
check_PROGRAMS += tests/crashing
tests_crashing_SOURCES = %D%/crashing.c
tests_crashing_LDADD = $(ROOMS) $(ROOM_LIBS)
tests_crashing_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=framing_next,--wrap=json_value_member \
	-Wl,--wrap=encoder_line,--wrap=attr_parse,--wrap=unix_request_parse
dist_check_SCRIPTS += %D%/test-poison.sh
TESTS += %D%/test-poison.sh

# awaitctl, against a scripted peer
check_PROGRAMS += tests/fake-server
tests_fake_server_SOURCES = %D%/fake-server.c
EXTRA_DIST += %D%/awaitctl-lib.sh
dist_check_SCRIPTS += \
	%D%/test-awaitctl.sh \
	%D%/test-awaitctl-resume.sh \
	%D%/test-awaitctl-subscribe.sh \
	%D%/test-awaitctl-terminal.sh \
	%D%/test-awaitctl-daemon.sh \
	%D%/test-examples.sh
TESTS += \
	%D%/test-awaitctl.sh \
	%D%/test-awaitctl-resume.sh \
	%D%/test-awaitctl-subscribe.sh \
	%D%/test-awaitctl-terminal.sh \
	%D%/test-awaitctl-daemon.sh \
	%D%/test-examples.sh

# flood: events through the whole daemon, every line of every reader checked
check_PROGRAMS += tests/flood
tests_flood_SOURCES = %D%/flood.c
tests_flood_LDADD = libbase.a -lpthread
# drive: the same load each time, for test-hot-path.sh
check_PROGRAMS += tests/drive
tests_drive_SOURCES = %D%/drive.c
dist_check_SCRIPTS += %D%/test-flood.sh %D%/test-hot-path.sh %D%/test-lock-memory.sh
TESTS += %D%/test-flood.sh %D%/test-hot-path.sh %D%/test-lock-memory.sh

if HAVE_CMOCKA
# awaitctl: its parts
check_PROGRAMS += tests/test-awaitctl-parts
TESTS += tests/test-awaitctl-parts
tests_test_awaitctl_parts_SOURCES = %D%/test-awaitctl-parts.c
tests_test_awaitctl_parts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_awaitctl_parts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_awaitctl_parts_LDADD = libclients.a $(CMOCKA_LIBS)
# base/fdstore
check_PROGRAMS += tests/test-fdstore
TESTS += tests/test-fdstore
tests_test_fdstore_SOURCES = %D%/test-fdstore.c %D%/notify-socket.h
tests_test_fdstore_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_fdstore_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_fdstore_LDADD = $(TEST_LIBS)
# base/crash
check_PROGRAMS += tests/test-crash
TESTS += tests/test-crash
tests_test_crash_SOURCES = %D%/test-crash.c
tests_test_crash_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_crash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_crash_LDADD = $(TEST_LIBS)
# async: loop
check_PROGRAMS += tests/test-loop
TESTS += tests/test-loop
tests_test_loop_SOURCES = %D%/test-loop.c %D%/loop-backends.h
tests_test_loop_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_loop_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_loop_LDADD = $(TEST_LIBS)
# async: timer
check_PROGRAMS += tests/test-timer
TESTS += tests/test-timer
tests_test_timer_SOURCES = %D%/test-timer.c %D%/loop-backends.h
tests_test_timer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_timer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_timer_LDADD = $(TEST_LIBS)
# async: watch
check_PROGRAMS += tests/test-watch
TESTS += tests/test-watch
tests_test_watch_SOURCES = %D%/test-watch.c %D%/loop-backends.h %D%/waiter.h
tests_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_watch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_watch_LDADD = $(TEST_LIBS)

# streams/retry
check_PROGRAMS += tests/test-retry
TESTS += tests/test-retry
tests_test_retry_SOURCES = %D%/test-retry.c
tests_test_retry_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_retry_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_retry_LDADD = $(TEST_LIBS)

# daemon: its parts
check_PROGRAMS += tests/test-daemon
TESTS += tests/test-daemon
tests_test_daemon_SOURCES = %D%/test-daemon.c %D%/notify-socket.h
tests_test_daemon_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_daemon_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_daemon_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-daemon-memory
TESTS += tests/test-daemon-memory
tests_test_daemon_memory_SOURCES = %D%/test-daemon-memory.c
tests_test_daemon_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_daemon_memory_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_daemon_memory_LDADD = $(TEST_LIBS)
# async: worker
check_PROGRAMS += tests/test-worker
TESTS += tests/test-worker
tests_test_worker_SOURCES = %D%/test-worker.c %D%/loop-backends.h %D%/waiter.h
tests_test_worker_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_worker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_worker_LDADD = $(TEST_LIBS)
# async: race
check_PROGRAMS += tests/test-race
TESTS += tests/test-race
tests_test_race_SOURCES = %D%/test-race.c %D%/loop-backends.h
tests_test_race_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_race_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_race_LDADD = $(TEST_LIBS)

# sources/hotplug
check_PROGRAMS += tests/test-hotplug
TESTS += tests/test-hotplug
tests_test_hotplug_SOURCES = %D%/test-hotplug.c %D%/loop-backends.h
tests_test_hotplug_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_hotplug_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_hotplug_LDADD = $(TEST_LIBS)

# sources/timer
check_PROGRAMS += tests/test-source-timer
TESTS += tests/test-source-timer
tests_test_source_timer_SOURCES = %D%/test-source-timer.c %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_timer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_timer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_timer_LDADD = $(TEST_LIBS)
# base/json
check_PROGRAMS += tests/test-json-check
TESTS += tests/test-json-check
tests_test_json_check_SOURCES = %D%/test-json-check.c
tests_test_json_check_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_json_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_json_check_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-json-member
TESTS += tests/test-json-member
tests_test_json_member_SOURCES = %D%/test-json-member.c
tests_test_json_member_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_json_member_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_json_member_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-json-fuzz
TESTS += tests/test-json-fuzz
tests_test_json_fuzz_SOURCES = %D%/test-json-fuzz.c
tests_test_json_fuzz_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_json_fuzz_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_json_fuzz_LDADD = $(TEST_LIBS)
# config: its cases are the folders of config/
EXTRA_DIST += %D%/config
check_PROGRAMS += tests/test-config-options
TESTS += tests/test-config-options
tests_test_config_options_SOURCES = %D%/test-config-options.c %D%/config-fixture.c %D%/config-fixture.h
tests_test_config_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_options_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-config-load
TESTS += tests/test-config-load
tests_test_config_load_SOURCES = %D%/test-config-load.c %D%/config-fixture.c %D%/config-fixture.h
tests_test_config_load_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_load_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_load_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-config-cases
TESTS += tests/test-config-cases
tests_test_config_cases_SOURCES = %D%/test-config-cases.c %D%/config-fixture.c %D%/config-fixture.h
tests_test_config_cases_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_cases_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_cases_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-config-generated
TESTS += tests/test-config-generated
tests_test_config_generated_SOURCES = %D%/test-config-generated.c %D%/config-fixture.c %D%/config-fixture.h
tests_test_config_generated_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_generated_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_generated_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-config-oom
TESTS += tests/test-config-oom
tests_test_config_oom_SOURCES = %D%/test-config-oom.c $(REFUSED) \
	%D%/config-fixture.c %D%/config-fixture.h
tests_test_config_oom_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_oom_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_oom_LDADD = $(TEST_LIBS)
tests_test_config_oom_LDFLAGS = $(AM_LDFLAGS) $(REFUSED_LINK)
check_PROGRAMS += tests/test-config-tables
TESTS += tests/test-config-tables
tests_test_config_tables_SOURCES = %D%/test-config-tables.c
tests_test_config_tables_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_config_tables_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_config_tables_LDADD = $(TEST_LIBS)
dist_check_SCRIPTS += %D%/test-config-schema.sh
TESTS += %D%/test-config-schema.sh
# async: helpers
check_PROGRAMS += tests/test-helpers
TESTS += tests/test-helpers
tests_test_helpers_SOURCES = %D%/test-helpers.c %D%/loop-backends.h \
	%D%/probe.c %D%/probe.h
tests_test_helpers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_helpers_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_helpers_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-helpers-cancel
TESTS += tests/test-helpers-cancel
tests_test_helpers_cancel_SOURCES = %D%/test-helpers-cancel.c %D%/loop-backends.h \
	%D%/probe.c %D%/probe.h
tests_test_helpers_cancel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_helpers_cancel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_helpers_cancel_LDADD = $(TEST_LIBS)
# async: merge
check_PROGRAMS += tests/test-merge
TESTS += tests/test-merge
tests_test_merge_SOURCES = %D%/test-merge.c %D%/loop-backends.h \
	%D%/probe.c %D%/probe.h
tests_test_merge_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_merge_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_merge_LDADD = $(TEST_LIBS)

# sources/inlet
check_PROGRAMS += tests/test-source-inlet
TESTS += tests/test-source-inlet
tests_test_source_inlet_SOURCES = %D%/test-source-inlet.c
tests_test_source_inlet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_inlet_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_inlet_LDADD = $(TEST_LIBS)

# sources/socket
check_PROGRAMS += tests/test-source-socket
TESTS += tests/test-source-socket
tests_test_source_socket_SOURCES = %D%/test-source-socket.c %D%/producer.c %D%/producer.h \
	%D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_socket_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_socket_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_socket_LDADD = $(TEST_LIBS)
# async: what traces cannot tell; tests/async-test.[ch] and async-bodies.[ch] are shared
check_PROGRAMS += tests/test-async-promise
TESTS += tests/test-async-promise
tests_test_async_promise_SOURCES = %D%/test-async-promise.c %D%/async-test.c %D%/async-test.h
tests_test_async_promise_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_promise_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_promise_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-words
TESTS += tests/test-async-words
tests_test_async_words_SOURCES = %D%/test-async-words.c %D%/async-test.c %D%/async-test.h
tests_test_async_words_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_words_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-child
TESTS += tests/test-async-child
tests_test_async_child_SOURCES = %D%/test-async-child.c %D%/async-test.c %D%/async-test.h
tests_test_async_child_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_child_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_child_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-aborts
TESTS += tests/test-async-aborts
tests_test_async_aborts_SOURCES = %D%/test-async-aborts.c %D%/async-test.c %D%/async-test.h
tests_test_async_aborts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_aborts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_aborts_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-rejection
TESTS += tests/test-async-rejection
tests_test_async_rejection_SOURCES = %D%/test-async-rejection.c %D%/async-test.c %D%/async-test.h
tests_test_async_rejection_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_rejection_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_rejection_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-cancel
TESTS += tests/test-async-cancel
tests_test_async_cancel_SOURCES = %D%/test-async-cancel.c %D%/async-test.c %D%/async-test.h \
	%D%/async-bodies.c %D%/async-bodies.h
tests_test_async_cancel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_cancel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_cancel_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-cancel-chain
TESTS += tests/test-async-cancel-chain
tests_test_async_cancel_chain_SOURCES = %D%/test-async-cancel-chain.c %D%/async-test.c %D%/async-test.h \
	%D%/async-bodies.c %D%/async-bodies.h
tests_test_async_cancel_chain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_cancel_chain_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_cancel_chain_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-for-await
TESTS += tests/test-async-for-await
tests_test_async_for_await_SOURCES = %D%/test-async-for-await.c %D%/async-test.c %D%/async-test.h
tests_test_async_for_await_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_for_await_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_for_await_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-sync
TESTS += tests/test-async-sync
tests_test_async_sync_SOURCES = %D%/test-async-sync.c %D%/async-test.c %D%/async-test.h
tests_test_async_sync_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_sync_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_sync_LDADD = libasync.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/test-async-failures
TESTS += tests/test-async-failures
tests_test_async_failures_SOURCES = %D%/test-async-failures.c %D%/async-test.c %D%/async-test.h
tests_test_async_failures_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_async_failures_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_async_failures_LDADD = libasync.a $(CMOCKA_LIBS)
tests_test_async_failures_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
# streams: arena
check_PROGRAMS += tests/test-arena
TESTS += tests/test-arena
tests_test_arena_SOURCES = %D%/test-arena.c %D%/arena-fixture.h %D%/streams-test.h
tests_test_arena_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_arena_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_arena_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-arena-damage
TESTS += tests/test-arena-damage
tests_test_arena_damage_SOURCES = %D%/test-arena-damage.c %D%/arena-fixture.h %D%/streams-test.h
tests_test_arena_damage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_arena_damage_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_arena_damage_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-arena-checksum
TESTS += tests/test-arena-checksum
tests_test_arena_checksum_SOURCES = %D%/test-arena-checksum.c %D%/streams-test.h
tests_test_arena_checksum_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_arena_checksum_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_arena_checksum_LDADD = $(TEST_LIBS)
# streams: encode
check_PROGRAMS += tests/test-encode
TESTS += tests/test-encode
tests_test_encode_SOURCES = %D%/test-encode.c %D%/streams-test.h
tests_test_encode_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_encode_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_encode_LDADD = $(TEST_LIBS)
# streams: number
check_PROGRAMS += tests/test-number
TESTS += tests/test-number
tests_test_number_SOURCES = %D%/test-number.c %D%/streams-test.h
tests_test_number_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_number_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_number_LDADD = $(TEST_LIBS)

# streams/stream
check_PROGRAMS += tests/test-stream
TESTS += tests/test-stream
tests_test_stream_SOURCES = %D%/test-stream.c %D%/stream-feed.c %D%/stream-feed.h \
	%D%/stream-fixture.c %D%/stream-fixture.h
tests_test_stream_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_stream_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_stream_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-stream-change
TESTS += tests/test-stream-change
tests_test_stream_change_SOURCES = %D%/test-stream-change.c %D%/stream-feed.c %D%/stream-feed.h \
	%D%/stream-fixture.c %D%/stream-fixture.h
tests_test_stream_change_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_stream_change_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_stream_change_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-stream-room
TESTS += tests/test-stream-room
tests_test_stream_room_SOURCES = %D%/test-stream-room.c %D%/stream-feed.c %D%/stream-feed.h \
	%D%/stream-fixture.c %D%/stream-fixture.h
tests_test_stream_room_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_stream_room_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_stream_room_LDADD = $(TEST_LIBS)

# streams/operators
check_PROGRAMS += tests/test-operators
TESTS += tests/test-operators
tests_test_operators_SOURCES = %D%/test-operators.c %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_operators_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_operators_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_operators_LDADD = $(TEST_LIBS)

# sources/attr
check_PROGRAMS += tests/test-source-attr
TESTS += tests/test-source-attr
tests_test_source_attr_SOURCES = %D%/test-source-attr.c %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_attr_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_attr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_attr_LDADD = $(TEST_LIBS)

# sources/file
check_PROGRAMS += tests/test-source-file
TESTS += tests/test-source-file
tests_test_source_file_SOURCES = %D%/test-source-file.c %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_file_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_file_LDADD = $(TEST_LIBS)
# streams: log
check_PROGRAMS += tests/test-log
TESTS += tests/test-log
tests_test_log_SOURCES = %D%/test-log.c %D%/log-fixture.c %D%/log-fixture.h %D%/streams-test.h
tests_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-adopt
TESTS += tests/test-log-adopt
tests_test_log_adopt_SOURCES = %D%/test-log-adopt.c %D%/log-fixture.c %D%/log-fixture.h %D%/streams-test.h
tests_test_log_adopt_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_adopt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_adopt_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-block
TESTS += tests/test-log-block
tests_test_log_block_SOURCES = %D%/test-log-block.c %D%/log-fixture.c %D%/log-fixture.h %D%/streams-test.h
tests_test_log_block_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_block_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_block_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-change
TESTS += tests/test-log-change
tests_test_log_change_SOURCES = %D%/test-log-change.c %D%/log-fixture.c %D%/log-fixture.h %D%/streams-test.h
tests_test_log_change_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_change_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_change_LDADD = $(TEST_LIBS)
# streams: cursor
check_PROGRAMS += tests/test-cursor
TESTS += tests/test-cursor
tests_test_cursor_SOURCES = %D%/test-cursor.c %D%/log-fixture.c %D%/log-fixture.h %D%/streams-test.h
tests_test_cursor_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_cursor_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_cursor_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-cursor-iterator
TESTS += tests/test-cursor-iterator
tests_test_cursor_iterator_SOURCES = %D%/test-cursor-iterator.c %D%/log-fixture.c %D%/log-fixture.h \
	%D%/streams-test.h
tests_test_cursor_iterator_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_cursor_iterator_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_cursor_iterator_LDADD = $(TEST_LIBS)
# streams: log-kill
check_PROGRAMS += tests/test-log-kill
TESTS += tests/test-log-kill
tests_test_log_kill_SOURCES = %D%/test-log-kill.c %D%/streams-test.h
tests_test_log_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_kill_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_kill_LDADD = $(TEST_LIBS)

# sinks
SINK_FIXTURE = %D%/sink-client.c %D%/sink-fixture.c %D%/sink-fixture.h
SINK_READER = %D%/sink-reader.c %D%/sink-reader.h
check_PROGRAMS += tests/test-wire
TESTS += tests/test-wire
tests_test_wire_SOURCES = %D%/test-wire.c $(SINK_FIXTURE)
tests_test_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_wire_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_wire_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-wire-subscribe
TESTS += tests/test-wire-subscribe
tests_test_wire_subscribe_SOURCES = %D%/test-wire-subscribe.c $(SINK_FIXTURE)
tests_test_wire_subscribe_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_wire_subscribe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_wire_subscribe_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-requests
TESTS += tests/test-sink-requests
tests_test_sink_requests_SOURCES = %D%/test-sink-requests.c $(SINK_FIXTURE)
tests_test_sink_requests_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_requests_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_requests_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-latency
TESTS += tests/test-sink-latency
tests_test_sink_latency_SOURCES = %D%/test-sink-latency.c $(SINK_FIXTURE)
tests_test_sink_latency_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_latency_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_latency_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-lag
TESTS += tests/test-sink-lag
tests_test_sink_lag_SOURCES = %D%/test-sink-lag.c $(SINK_READER) $(SINK_FIXTURE)
tests_test_sink_lag_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_lag_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_lag_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-lines
TESTS += tests/test-sink-lines
tests_test_sink_lines_SOURCES = %D%/test-sink-lines.c $(SINK_READER) $(SINK_FIXTURE)
tests_test_sink_lines_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_lines_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_lines_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-many
TESTS += tests/test-sink-many
tests_test_sink_many_SOURCES = %D%/test-sink-many.c $(SINK_READER) $(SINK_FIXTURE)
tests_test_sink_many_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_many_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_many_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-change
TESTS += tests/test-sink-change
tests_test_sink_change_SOURCES = %D%/test-sink-change.c $(SINK_READER) $(SINK_FIXTURE)
tests_test_sink_change_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_change_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_change_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-socket
TESTS += tests/test-sink-socket
tests_test_sink_socket_SOURCES = %D%/test-sink-socket.c $(SINK_FIXTURE)
tests_test_sink_socket_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_socket_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_socket_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-memory
TESTS += tests/test-sink-memory
tests_test_sink_memory_SOURCES = %D%/test-sink-memory.c $(REFUSED) $(SINK_FIXTURE)
tests_test_sink_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_memory_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_memory_LDFLAGS = $(AM_LDFLAGS) $(REFUSED_LINK)
tests_test_sink_memory_LDADD = $(TEST_LIBS)
RECOVER_FIXTURE = $(SINK_FIXTURE) \
	%D%/manager.c \
	%D%/manager.h \
	%D%/recover-fixture.c \
	%D%/recover-fixture.h
check_PROGRAMS += tests/test-sink-recover
TESTS += tests/test-sink-recover
tests_test_sink_recover_SOURCES = %D%/test-sink-recover.c $(RECOVER_FIXTURE)
tests_test_sink_recover_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_recover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_recover_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
tests_test_sink_recover_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-store
TESTS += tests/test-sink-store
tests_test_sink_store_SOURCES = %D%/test-sink-store.c $(RECOVER_FIXTURE)
tests_test_sink_store_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
tests_test_sink_store_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-sink-handover
TESTS += tests/test-sink-handover
tests_test_sink_handover_SOURCES = %D%/test-sink-handover.c $(SINK_READER) $(SINK_FIXTURE) \
	%D%/fake-fdstore.c %D%/fake-fdstore.h
tests_test_sink_handover_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_handover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_handover_LDADD = $(TEST_LIBS)

# streams and sources, each allocation failed once
check_PROGRAMS += tests/test-stream-memory
TESTS += tests/test-stream-memory
tests_test_stream_memory_SOURCES = %D%/test-stream-memory.c $(REFUSED) \
	%D%/stream-fixture.c %D%/stream-fixture.h
tests_test_stream_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_stream_memory_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_stream_memory_LDFLAGS = $(AM_LDFLAGS) $(REFUSED_LINK)
tests_test_stream_memory_LDADD = $(TEST_LIBS)

# sources/socket across restarts, with a store in memory
check_PROGRAMS += tests/test-source-handover
TESTS += tests/test-source-handover
tests_test_source_handover_SOURCES = %D%/test-source-handover.c %D%/fake-fdstore.c %D%/fake-fdstore.h \
	%D%/producer.c %D%/producer.h %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_handover_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_handover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_handover_LDADD = $(TEST_LIBS)
LIMITS_FIXTURE = \
	%D%/fake-fdstore.c \
	%D%/fake-fdstore.h \
	%D%/limits-fixture.c \
	%D%/limits-fixture.h \
	%D%/producer.c \
	%D%/producer.h \
	%D%/stream-fixture.c \
	%D%/stream-fixture.h
check_PROGRAMS += tests/test-source-limits
TESTS += tests/test-source-limits
tests_test_source_limits_SOURCES = %D%/test-source-limits.c $(LIMITS_FIXTURE)
tests_test_source_limits_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_limits_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_limits_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-source-limits-kill
TESTS += tests/test-source-limits-kill
tests_test_source_limits_kill_SOURCES = %D%/test-source-limits-kill.c $(LIMITS_FIXTURE)
tests_test_source_limits_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_limits_kill_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_limits_kill_LDADD = $(TEST_LIBS)

if GPIO
# sources/gpio, over a chip in memory
check_PROGRAMS += tests/test-source-gpio
TESTS += tests/test-source-gpio
tests_test_source_gpio_SOURCES = %D%/test-source-gpio.c %D%/fake-gpio.h \
	%D%/fake-fdstore.c %D%/fake-fdstore.h %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_gpio_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_gpio_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_gpio_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-source-gpio-v1
TESTS += tests/test-source-gpio-v1
tests_test_source_gpio_v1_SOURCES = %D%/test-source-gpio-v1.c %D%/fake-gpio.h \
	%D%/fake-fdstore.c %D%/fake-fdstore.h %D%/stream-fixture.c %D%/stream-fixture.h
tests_test_source_gpio_v1_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_source_gpio_v1_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_source_gpio_v1_LDADD = $(TEST_LIBS)
endif
# streams: log-file
check_PROGRAMS += tests/test-log-file
TESTS += tests/test-log-file
tests_test_log_file_SOURCES = %D%/test-log-file.c %D%/log-file-fixture.h %D%/streams-test.h
tests_test_log_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_file_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_file_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-boot
TESTS += tests/test-log-boot
tests_test_log_boot_SOURCES = %D%/test-log-boot.c %D%/log-file-fixture.h %D%/streams-test.h
tests_test_log_boot_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_boot_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_boot_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-file-move
TESTS += tests/test-log-file-move
tests_test_log_file_move_SOURCES = %D%/test-log-file-move.c %D%/log-file-fixture.h %D%/streams-test.h
tests_test_log_file_move_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_file_move_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_file_move_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test-log-file-kill
TESTS += tests/test-log-file-kill
tests_test_log_file_kill_SOURCES = %D%/test-log-file-kill.c %D%/log-file-fixture.h %D%/streams-test.h
tests_test_log_file_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_log_file_kill_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_log_file_kill_LDADD = $(TEST_LIBS)
# sinks: what a predecessor left of a connection
check_PROGRAMS += tests/test-sink-check
TESTS += tests/test-sink-check
tests_test_sink_check_SOURCES = %D%/test-sink-check.c
tests_test_sink_check_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_sink_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_sink_check_LDADD = $(TEST_LIBS)
# streams: what is refused
check_PROGRAMS += tests/test-streams-failures
TESTS += tests/test-streams-failures
tests_test_streams_failures_SOURCES = %D%/test-streams-failures.c $(REFUSED) %D%/streams-test.h
tests_test_streams_failures_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_streams_failures_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_streams_failures_LDADD = $(TEST_LIBS)
tests_test_streams_failures_LDFLAGS = $(AM_LDFLAGS) $(REFUSED_LINK) \
	-Wl,--wrap=mmap,--wrap=ftruncate,--wrap=memfd_create,--wrap=rename
endif
