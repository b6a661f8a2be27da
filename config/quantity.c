#include "config/quantity.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60) * 1000000000 },
	{ "h", UINT64_C(3600) * 1000000000 },
	{ "d", UINT64_C(86400) * 1000000000 },
	{ NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "kB", 1000 },
	{ "KB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "TB", UINT64_C(1000000000000) },
	{ "KiB", UINT64_C(1) << 10 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct unit *
unit_find(const struct unit *units, const char *name)
{
	while (units->name != NULL && strcmp(units->name, name) != 0)
		units++;
	return units->name == NULL ? NULL : units;
}

/* At least one digit; *p moves behind them. */
static int
digits_parse(const char **p, uint64_t *ret)
{
	const char *begin = *p;
	uint64_t value = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**p - '0'), &value))
			return -ERANGE;
	}
	if (*p == begin)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* The digits behind a point, of which each is worth a tenth of the one before; what is below 1 is
 * dropped. */
static int
fraction_parse(const char **p, uint64_t factor, uint64_t *ret)
{
	const char *begin = *p;
	uint64_t value = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		value += factor * (uint64_t)(**p - '0') / 10;
		factor /= 10;
	}
	if (*p == begin)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int
quantity_parse(const char *p, const struct unit *units, bool fractions, uint64_t *ret)
{
	uint64_t whole, fraction = 0;
	const char *point = NULL;
	const struct unit *unit;
	int r = digits_parse(&p, &whole);

	if (r < 0)
		return r;
	if (fractions && *p == '.') {
		point = ++p;
		p += strspn(p, "0123456789");
	}
	unit = unit_find(units, p);
	if (unit == NULL)
		return -EINVAL;
	if (point != NULL && fraction_parse(&point, unit->factor, &fraction) < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit->factor, &whole) ||
	    __builtin_add_overflow(whole, fraction, &whole) || whole >= INT64_MAX)
		return -ERANGE;
	*ret = whole;
	return 0;
}

int
duration_parse(const char *text, int64_t *ret)
{
	uint64_t value;
	int r = quantity_parse(text, durations, true, &value);

	if (r == 0)
		*ret = (int64_t)value;
	return r;
}

int
size_parse(const char *text, uint64_t *ret)
{
	return quantity_parse(text, sizes, false, ret);
}
