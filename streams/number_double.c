/* Doubles as their shortest decimals: Raffaello Giulietti, "The Schubfach way to render doubles"
 * (2020; as in OpenJDK 19's Double.toString), with a way past it for integers and for three
 * decimals. */
#include <stdbool.h>
#include <string.h>

#include "streams/number.h"
#include "streams/number_powers.h"

#define SIGNIFICAND_BITS 52
#define EXPONENT_BIAS 1075   /* of the significand as an integer */

/* digits * 10^exponent */
struct decimal {
	uint64_t digits;
	int exponent;
};

struct wide {
	uint64_t high, low;
};

static inline struct wide
multiply(uint64_t a, uint64_t b)
{
#if defined __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (struct wide){ .high = (uint64_t)(product >> 64), .low = (uint64_t)product };
#else
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (uint32_t)middle;

	return (struct wide){ .high = a1 * b1 + (middle >> 32) + (other >> 32),
		.low = other << 32 | (uint32_t)low };
#endif
}

/* floor(x * log10(2)), floor(x * log10(2) - log10(4/3)), floor(x * log2(10)), for the exponents of
 * doubles. */
static inline int
log10_of_2_to(int x)
{
	return (x * 1262611) >> 22;
}

static inline int
log10_of_3_quarters_2_to(int x)
{
	return (x * 1262611 - 524031) >> 22;
}

static inline int
log2_of_10_to(int x)
{
	return (x * 1741647) >> 19;
}

/* The paper's 9.6: the product's integer part, its lowest bit set if anything is cut off ("round to
 * odd"), which keeps all comparisons right. */
static inline uint64_t
round_to_odd(struct power g, uint64_t c)
{
	struct wide x = multiply(g.low, c), y = multiply(g.high, c);
	uint64_t low = y.low + x.high;

	y.high += low < y.low;
	return y.high | (low > 1);
}

/* c * 2^q, not zero; `closer`: the double below is only half as far as the one above. */
static struct decimal
decimal_of(uint64_t c, int q, bool closer)
{
	uint64_t odd = c & 1;   /* the ends of the interval read back as c only if that is even */
	int k = closer ? log10_of_3_quarters_2_to(q) : log10_of_2_to(q);
	int h = q + log2_of_10_to(-k) + 1;
	struct power g = powers[-k - POWER_MIN];
	uint64_t middle = round_to_odd(g, 4 * c << h);
	uint64_t lower = round_to_odd(g, (4 * c - (closer ? 1 : 2)) << h) + odd;
	uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - odd;
	uint64_t s = middle / 4;
	bool up;

	if (s >= 10) {   /* one digit less? */
		uint64_t tens = s / 10;
		bool below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;

		if (below != above)
			return (struct decimal){ tens + above, k + 1 };
	}
	if ((lower <= 4 * s) != (4 * s + 4 <= upper))
		return (struct decimal){ s + (4 * s + 4 <= upper), k };
	up = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1) != 0);
	return (struct decimal){ s + up, k };
}

static struct decimal
decimal_strip(struct decimal decimal)
{
	while (decimal.digits % 10000 == 0) {
		decimal.digits /= 10000;
		decimal.exponent += 4;
	}
	while (decimal.digits % 10 == 0) {
		decimal.digits /= 10;
		decimal.exponent++;
	}
	return decimal;
}

/* ------------------------------------------------------------------- notation */

static char *
put_zeros(char *p, int count)
{
	while (count-- > 0)
		*p++ = '0';
	return p;
}

static char *
put_exponent(char *p, int exponent)
{
	*p++ = 'e';
	*p++ = exponent < 0 ? '-' : '+';
	return number_unsigned(p, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Moves the first `count` characters behind p to p, and puts a point behind them. */
static void
put_point(char *p, int count)
{
	for (int i = 0; i < count; i++)
		p[i] = p[i + 1];
	p[count] = '.';
}

static char *
put_decimal(char *p, struct decimal decimal)
{
	char digits[NUMBER_ROOM];
	int count = (int)(number_unsigned(digits, decimal.digits) - digits);
	int point = count + decimal.exponent;

	if (point > -6 && point <= 0) {
		p = put_zeros(p, 1);
		*p++ = '.';
		p = put_zeros(p, -point);
		memcpy(p, digits, 17);
		return p + count;
	}
	if (point > 0 && point <= 21) {
		memcpy(p + 1, digits, 17);
		if (point < count) {
			put_point(p, point);
			return p + count + 1;
		}
		memmove(p, p + 1, (size_t)count);
		return put_zeros(p + count, point - count);
	}
	*p = digits[0];
	if (count == 1)
		return put_exponent(p + 1, point - 1);
	p[1] = '.';
	memcpy(p + 2, digits + 1, 16);
	return put_exponent(p + count + 1, point - 1);
}

/* --------------------------------------------------------------------- doubles */

/* Integers below 2^53 are all told apart by writing them out. */
static char *
put_integer(char *p, double number)
{
	uint64_t integer;

	if (number >= 9007199254740992.0)
		return NULL;
	integer = (uint64_t)number;
	return (double)integer == number ? number_unsigned(p, integer) : NULL;
}

/* At most 15 digits, three of them decimals: the division is rounded correctly, so that what
 * equals the number reads back as it; no other decimal so short does. */
static char *
put_thousandths(char *p, double number)
{
	uint64_t thousandths;
	uint32_t decimals;

	if (number >= 1e12)
		return NULL;
	thousandths = (uint64_t)(number * 1000.0 + 0.5);
	if ((double)thousandths / 1000.0 != number)
		return NULL;
	decimals = (uint32_t)(thousandths % 1000);
	p = number_unsigned(p, thousandths / 1000);
	p[0] = '.';
	p[1] = (char)('0' + decimals / 100);
	number_two(p + 2, decimals % 100);
	if (p[3] != '0')
		return p + 4;
	return p + (p[2] != '0' ? 3 : 2);
}

static char *
put_any(char *p, uint64_t bits)
{
	uint64_t fraction = bits & ((UINT64_C(1) << SIGNIFICAND_BITS) - 1);
	int exponent = (int)(bits >> SIGNIFICAND_BITS & 0x7ff);
	uint64_t c = fraction | UINT64_C(1) << SIGNIFICAND_BITS;
	int q = exponent - EXPONENT_BIAS;

	if (exponent == 0) {
		c = fraction;
		q = 1 - EXPONENT_BIAS;
	}
	return put_decimal(p, decimal_strip(decimal_of(c, q, fraction == 0 && exponent > 1)));
}

char *
number_double(char *p, double number)
{
	uint64_t bits;
	char *end;

	memcpy(&bits, &number, sizeof bits);
	if ((bits >> SIGNIFICAND_BITS & 0x7ff) == 0x7ff) {
		memcpy(p, "null", 4);
		return p + 4;
	}
	if (bits >> 63 != 0) {
		*p++ = '-';
		bits &= ~(UINT64_C(1) << 63);
		number = -number;
	}
	end = put_integer(p, number);
	if (end == NULL)
		end = put_thousandths(p, number);
	return end != NULL ? end : put_any(p, bits);
}
