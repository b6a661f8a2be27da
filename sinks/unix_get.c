/* {"get":["door"]}: the last event of each. */
#include "sinks/unix_request.h"

static void
get_line(struct unix_out *out, struct stream *stream)
{
	struct text event = log_last_event(stream_log(stream));

	unix_out_text(out, "{\"get\":");
	unix_out_name(out, stream_name(stream));
	unix_out_text(out, ",\"is\":");
	unix_out_name(out, stream_state_name(stream_state(stream)));
	unix_out_text(out, ",\"event\":");
	if (event.length > 0)
		unix_out_bytes(out, event.data, event.length);
	else
		unix_out_text(out, "null");
	unix_out_text(out, "}");
}

enum unix_answered
unix_get(struct unix_connection *c, struct unix_request *request)
{
	return unix_answer_streams(c, request, get_line);
}
