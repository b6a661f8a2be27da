libasync_a_SOURCES = \
	%D%/async_from_sync.c \
	%D%/async_generator.c \
	%D%/async_generator.h \
	%D%/coroutine.c \
	%D%/coroutine.h \
	%D%/delegate.c \
	%D%/delegate.h \
	%D%/for_await.c \
	%D%/for_await.h \
	%D%/iteration.c \
	%D%/iteration.h \
	%D%/iterator.c \
	%D%/iterator.h \
	%D%/job.c \
	%D%/job.h \
	%D%/promise.c \
	%D%/promise.h \
	%D%/registry.c \
	%D%/registry.h \
	%D%/rejection.c \
	%D%/rejection.h \
	%D%/sync_generator.c \
	%D%/sync_iterator.c \
	%D%/sync_iterator.h \
	%D%/then.c \
	%D%/value.h
