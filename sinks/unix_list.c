/* {"list":["*"]}: which streams there are, and how each is. */
#include "sinks/unix_request.h"

static void
list_line(struct unix_out *out, struct stream *stream)
{
	const struct stream_options *options = stream_options(stream);
	struct log *log = stream_log(stream);
	struct log_stats stats;

	log_stats(log, &stats);
	unix_out_text(out, "{\"list\":");
	unix_out_name(out, stream_name(stream));
	unix_out_text(out, ",\"is\":");
	unix_out_name(out, stream_state_name(stream_state(stream)));
	if (stream_idle(stream))
		unix_out_text(out, ",\"idle\":true");
	unix_out_text(out, ",\"source\":");
	unix_out_string_or_null(out, options->source.type);
	unix_out_text(out, ",\"unit\":");
	unix_out_string_or_null(out, options->unit);
	unix_out_text(out, ",\"seq\":");
	unix_out_u64(out, log_next_seq(log) - 1);
	unix_out_text(out, ",\"oldest\":");
	unix_out_u64(out, log_tail_seq(log));
	unix_out_text(out, ",\"time\":");
	unix_out_time(out, stats.last.real_ns);
	unix_out_text(out, ",\"listeners\":");
	unix_out_u64(out, stream_listeners(stream));
	unix_out_text(out, ",\"epoch\":");
	unix_out_name(out, log_epoch(log));
	unix_out_text(out, ",\"description\":");
	unix_out_string_or_null(out, options->description);
	unix_out_text(out, "}");
}

enum unix_answered
unix_list(struct unix_connection *c, struct unix_request *request)
{
	return unix_answer_streams(c, request, list_line);
}
