#include "streams/event.h"

const char *
stream_state_name(enum stream_state state)
{
	static const char *const names[] = {
		[STATE_STARTING] = "starting",
		[STATE_UP] = "up",
		[STATE_DOWN] = "down",
		[STATE_STALE] = "stale",
		[STATE_CHANGED] = "changed",
		[STATE_ENDED] = "ended",
	};

	return names[state];
}
