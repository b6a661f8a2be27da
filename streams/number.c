#include "streams/number.h"

#include <string.h>

static const char pairs[200] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

char *
number_two(char *p, uint32_t number)
{
	memcpy(p, &pairs[number * 2], 2);
	return p + 2;
}

static char *
number_four(char *p, uint32_t number)
{
	return number_two(number_two(p, number / 100), number % 100);
}

static char *
number_eight(char *p, uint32_t number)
{
	return number_four(number_four(p, number / 10000), number % 10000);
}

char *
number_nine(char *p, uint32_t number)
{
	*p = (char)('0' + number / 100000000);
	return number_eight(p + 1, number % 100000000);
}

/* Below 10^4, no zeros in front. */
static char *
number_to_four(char *p, uint32_t number)
{
	if (number >= 1000)
		return number_four(p, number);
	if (number >= 100) {
		*p = (char)('0' + number / 100);
		return number_two(p + 1, number % 100);
	}
	if (number >= 10)
		return number_two(p, number);
	*p = (char)('0' + number);
	return p + 1;
}

static char *
number_to_eight(char *p, uint32_t number)
{
	if (number < 10000)
		return number_to_four(p, number);
	return number_four(number_to_four(p, number / 10000), number % 10000);
}

char *
number_unsigned(char *p, uint64_t number)
{
	if (number < 100000000)
		return number_to_eight(p, (uint32_t)number);
	p = number_unsigned(p, number / 100000000);
	return number_eight(p, (uint32_t)(number % 100000000));
}

char *
number_signed(char *p, int64_t number)
{
	if (number >= 0)
		return number_unsigned(p, (uint64_t)number);
	*p = '-';
	return number_unsigned(p + 1, -(uint64_t)number);
}
