/* Numbers as text: doubles are held against strtod(3) and printf(3). */
#include "tests/streams-test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "streams/number.h"
#include "streams/number_powers.h"

static const char *
text_of(double number)
{
	static char text[NUMBER_ROOM + 1];
	char *end;

	memset(text, '#', sizeof text);
	end = number_double(text, number);
	assert_true(end - text <= NUMBER_MAX);
	*end = '\0';
	return text;
}

static double
of_bits(uint64_t bits)
{
	double number;

	memcpy(&number, &bits, sizeof number);
	return number;
}

/* Its significant digits, without zeros at either end. */
static int
digits_of(const char *text, char *ret)
{
	int count = 0, kept = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
			continue;
		ret[count++] = *text;
		if (*text != '0')
			kept = count;
	}
	ret[kept] = '\0';
	return kept;
}

/* Reads back; no shorter decimal does (the nearest of each shorter length would have to); and of
 * its length it is the nearest, if that reads back. */
static void
check(double number)
{
	const char *text = text_of(number);
	char ours[64], theirs[64], nearest[64];
	int count = digits_of(text, ours);

	if (strtod(text, NULL) != number)
		fail_msg("%a is not %s", number, text);
	if (count > 1) {
		snprintf(nearest, sizeof nearest, "%.*e", count - 2, number);
		if (strtod(nearest, NULL) == number)
			fail_msg("%a is %s, and shorter %s", number, text, nearest);
	}
	snprintf(nearest, sizeof nearest, "%.*e", count > 0 ? count - 1 : 0, number);
	(void)digits_of(nearest, theirs);
	if (strtod(nearest, NULL) == number && strcmp(ours, theirs) != 0)
		fail_msg("%a is %s, and nearer %s", number, text, nearest);
}

static void
check_around(double number)
{
	check(number);
	check(nextafter(number, 0));
	if (nextafter(number, INFINITY) <= DBL_MAX)
		check(nextafter(number, INFINITY));
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* ------------------------------------------------------------------- doubles */

static void
the_notation_is_that_of_ecmascript(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -1.5, "-1.5" }, { 0.1, "0.1" },
		{ 21.375, "21.375" }, { 100, "100" }, { 1e15, "1000000000000000" },
		{ 9007199254740991, "9007199254740991" }, { 9007199254740992, "9007199254740992" },
		{ 123456789012345680000.0, "123456789012345680000" }, { 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" }, { 1.5e21, "1.5e+21" }, { 1e22, "1e+22" }, { 1e23, "1e+23" },
		{ 1e-5, "0.00001" }, { 1e-6, "0.000001" }, { 1.5e-6, "0.0000015" }, { 1e-7, "1e-7" },
		{ 1.25e-7, "1.25e-7" }, { 0.001, "0.001" }, { 0.012, "0.012" }, { 0.3, "0.3" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 5e-324, "5e-324" }, { DBL_MAX,
		"1.7976931348623157e+308" }, { DBL_MIN, "2.2250738585072014e-308" },
		{ 2.225073858507201e-308, "2.225073858507201e-308" }, { 4.35, "4.35" },
		{ 999999999999.999, "999999999999.999" }, { 1000000000000.5, "1000000000000.5" },
		{ 2e-44, "2e-44" }, { 9.5367431640625e-7, "9.5367431640625e-7" },
		{ 4.9406564584124654e-324, "5e-324" }, { 9.109e-31, "9.109e-31" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(text_of(cases[i].number), cases[i].text);
}

static void
what_is_not_finite_is_null(void **state)
{
	(void)state;
	assert_string_equal(text_of(INFINITY), "null");
	assert_string_equal(text_of(-INFINITY), "null");
	assert_string_equal(text_of(NAN), "null");
}

static void
powers_of_two_and_their_neighbours_are_shortest(void **state)
{
	(void)state;
	for (int e = -1074; e < 1024; e++)
		check_around(ldexp(1, e));
}

static void
powers_of_ten_and_their_neighbours_are_shortest(void **state)
{
	char text[16];

	(void)state;
	for (int e = -323; e <= 308; e++) {
		for (int digit = 1; digit < 10; digit++) {
			snprintf(text, sizeof text, "%de%d", digit, e);
			if (isfinite(strtod(text, NULL)))
				check_around(strtod(text, NULL));
		}
	}
}

static void
ends_of_the_range_are_shortest(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 500; i++) {
		check(of_bits(i));
		check(of_bits(UINT64_C(0x7fefffffffffffff) - i));
		check(of_bits(UINT64_C(0x000fffffffffffff) - 250 + i));
	}
}

static void
random_doubles_are_shortest(void **state)
{
	uint64_t x = 88172645463325252;
	const char *count = getenv("NUMBER_TEST_COUNT");
	unsigned long left = count != NULL ? strtoul(count, NULL, 10) : 50000;

	(void)state;
	while (left-- > 0) {
		double any = of_bits(next_random(&x) & ~(UINT64_C(1) << 63));

		if (isfinite(any))
			check(any);
		check((double)(next_random(&x) >> (x & 63)) / pow(10, (double)(x >> 8 & 15)));
		check((double)(x % 100000000) * 0.001);
		check((double)(x % 1000000000) / 1e6);
	}
}

/* ------------------------------------------------- the table, computed anew */

#define WORDS 48

struct big {
	uint32_t word[WORDS];   /* lowest first */
};

static void
big_times_ten(struct big *big)
{
	uint64_t carry = 0;

	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)big->word[i] * 10;
		big->word[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* True: nothing was left over. */
static bool
big_by_ten(struct big *big)
{
	uint64_t rest = 0;

	for (int i = WORDS - 1; i >= 0; i--) {
		rest = rest << 32 | big->word[i];
		big->word[i] = (uint32_t)(rest / 10);
		rest %= 10;
	}
	return rest == 0;
}

static int
big_bits(const struct big *big)
{
	for (int i = WORDS - 1; i >= 0; i--)
		if (big->word[i] != 0)
			return 32 * i + 32 - __builtin_clz(big->word[i]);
	return 0;
}

static unsigned int
big_bit(const struct big *big, int bit)
{
	return bit < 0 ? 0 : big->word[bit / 32] >> (bit % 32) & 1;
}

/* The first 128 bits, rounded up if anything follows. */
static struct power
big_power(const struct big *big, bool exact)
{
	int top = big_bits(big) - 1;
	struct power power = { 0, 0 };

	for (int i = 0; i < 64; i++) {
		power.high = power.high << 1 | big_bit(big, top - i);
		power.low = power.low << 1 | big_bit(big, top - 64 - i);
	}
	for (int i = 0; i <= top - 128; i++)
		exact = exact && big_bit(big, i) == 0;
	if (!exact && ++power.low == 0)
		power.high++;
	return power;
}

static void
assert_power(int k, struct power power)
{
	assert_int_equal(powers[k - POWER_MIN].high, power.high);
	assert_int_equal(powers[k - POWER_MIN].low, power.low);
}

static void
the_table_of_powers_is_exact(void **state)
{
	struct big big = { .word = { [0] = 1 } };

	(void)state;
	for (int k = 0; k <= POWER_MAX; k++) {
		assert_power(k, big_power(&big, true));
		big_times_ten(&big);
	}
	big = (struct big){ .word = { [WORDS - 1] = 1 } };
	for (int k = -1; k >= POWER_MIN; k--) {
		(void)big_by_ten(&big);
		assert_power(k, big_power(&big, false));
	}
}

/* ------------------------------------------------------------------ integers */

static void
integers_are_what_printf_writes(void **state)
{
	char ours[NUMBER_ROOM], theirs[32];
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t number = i < 20000 ? (uint64_t)i : next_random(&x) >> (i & 63);

		*number_unsigned(ours, number) = '\0';
		snprintf(theirs, sizeof theirs, "%llu", (unsigned long long)number);
		assert_string_equal(ours, theirs);
		*number_signed(ours, (int64_t)number) = '\0';
		snprintf(theirs, sizeof theirs, "%lld", (long long)number);
		assert_string_equal(ours, theirs);
	}
	*number_signed(ours, INT64_MIN) = '\0';
	assert_string_equal(ours, "-9223372036854775808");
	*number_unsigned(ours, UINT64_MAX) = '\0';
	assert_string_equal(ours, "18446744073709551615");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_notation_is_that_of_ecmascript),
		cmocka_unit_test(what_is_not_finite_is_null),
		cmocka_unit_test(powers_of_two_and_their_neighbours_are_shortest),
		cmocka_unit_test(powers_of_ten_and_their_neighbours_are_shortest),
		cmocka_unit_test(ends_of_the_range_are_shortest),
		cmocka_unit_test(random_doubles_are_shortest),
		cmocka_unit_test(the_table_of_powers_is_exact),
		cmocka_unit_test(integers_are_what_printf_writes),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
