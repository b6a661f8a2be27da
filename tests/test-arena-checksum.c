/* The checksum of what survives. */
#include "tests/streams-test.h"

#include "streams/arena_private.h"

/* RFC 3720, B.4. */
static void
the_checksum_is_crc32c(void **state)
{
	unsigned char data[32];

	(void)state;
	memset(data, 0, sizeof data);
	assert_int_equal(arena_checksum(0, data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof data);
	assert_int_equal(arena_checksum(0, data, 32), 0x62a8ab43);
	for (unsigned char i = 0; i < 32; i++)
		data[i] = i;
	assert_int_equal(arena_checksum(0, data, 32), 0x46dd794e);
	for (unsigned char i = 0; i < 32; i++)
		data[i] = (unsigned char)(31 - i);
	assert_int_equal(arena_checksum(0, data, 32), 0x113fdb5c);
}

static void
the_table_says_what_the_processor_says(void **state)
{
	unsigned char data[100];

	(void)state;
	for (unsigned char i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 37 + 11);
	for (uint32_t size = 0; size <= sizeof data; size++) {
		uint32_t seed = size * 77;

		assert_int_equal(arena_checksum(seed, data, size),
		    ~checksum_by_table(~seed, data, size));
	}
}

static void
a_checksum_goes_on_where_it_stopped(void **state)
{
	(void)state;
	assert_int_equal(arena_checksum(arena_checksum(0, "1234", 4), "56789", 5), 0xe3069283);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_crc32c),
		cmocka_unit_test(the_table_says_what_the_processor_says),
		cmocka_unit_test(a_checksum_goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
