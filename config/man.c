/* man.c - the part of awaitd.json(5) that lists options, in man(7) macros, out of the option
 * arrays. */
#include <errno.h>
#include <string.h>

#include "config/stream.h"

/* Text as groff takes it: no request at the beginning of a line, and hyphens that can be copied. */
static void
write_text(FILE *to, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\\')
			fputs("\\e", to);
		else if (*p == '-')
			fputs("\\-", to);
		else if ((*p == '.' || *p == '\'') && p == text)
			fprintf(to, "\\&%c", *p);
		else
			fputc(*p, to);
	}
}

static void
write_names(FILE *to, const char *const *names)
{
	fputs(": ", to);
	for (; *names != NULL; names++) {
		fputs("\\fB", to);
		write_text(to, *names);
		fprintf(to, "\\fR%s", names[1] != NULL ? ", " : "");
	}
}

static void
write_bounds(FILE *to, const struct option *option)
{
	const char *first = option->min, *last = option->max;

	if (option->above != NULL) {
		fputs(", above ", to);
		write_text(to, option->above);
	}
	if (first != NULL || last != NULL)
		fputs(first == NULL ? ", at most " : last == NULL ? ", at least " : ", ", to);
	if (first != NULL)
		write_text(to, first);
	if (first != NULL && last != NULL)
		fputs(" to ", to);
	if (last != NULL)
		write_text(to, last);
	if (first != NULL || last != NULL)
		fputs(option_counted(option->kind), to);
	if (option->never)
		fputs(", or \\fBnever\\fR", to);
}

/* "interval (duration, 1ms to 1d; default 1s)" and the help. */
static void
write_option(FILE *to, const struct option *option)
{
	fputs(".TP\n\\fB", to);
	write_text(to, option->name);
	fprintf(to, "\\fR (%s", option_kind_word(option->kind));
	if (option->kind == OPTION_KIND_ENUM)
		write_names(to, option->names);
	write_bounds(to, option);
	if (option->shorthand != NULL)
		fprintf(to, ", or just its %s", option->shorthand);
	if (option->required)
		fputs("; required", to);
	if (option->value != NULL) {
		fputs("; default \\fB", to);
		write_text(to, option->value);
		fputs("\\fR", to);
	}
	fputs(")\n", to);
	write_text(to, option->help);
	fputc('\n', to);
}

static void
write_options(FILE *to, const struct option *options)
{
	for (; options->name != NULL; options++) {
		write_option(to, options);
		if (options->kind != OPTION_KIND_OBJECT && options->kind != OPTION_KIND_OBJECTS)
			continue;
		fputs(".RS\n", to);
		write_options(to, options->options);
		fputs(".RE\n", to);
	}
}

static void
write_table(FILE *to, const struct config_tables *tables, enum config_table table)
{
	static const char *const titles[] = { "SOURCES", "OPERATORS", "SINKS" };
	config_row row = table_row(tables, table);
	struct option_type type;

	fprintf(to, ".SH %s\n", titles[table]);
	for (size_t i = 0; row(i, &type); i++) {
		fputs(".SS ", to);
		write_text(to, type.name);
		fprintf(to, "\n\\fB\"%s\": \"", table_member(table));
		write_text(to, type.name);
		fputs("\"\\fR\n.PP\n", to);
		write_text(to, type.help);
		fputc('\n', to);
		write_options(to, type.options);
	}
}

int
config_man_write(const struct config_tables *tables, FILE *to)
{
	fputs(".SH STREAMS\n", to);
	write_options(to, config_stream_options);
	for (int table = CONFIG_SOURCES; table <= CONFIG_SINKS; table++)
		write_table(to, tables, (enum config_table)table);
	fputs(".SH DAEMON\n", to);
	write_options(to, config_daemon_options);
	return ferror(to) ? -EIO : 0;
}
