/* CRC-32C (Castagnoli): the polynomial 0x1edc6f41, reflected, as iSCSI has it (RFC 3720, B.4, with
 * test vectors) and as the instructions of SSE4.2 and of Armv8.1 compute it. */
#include <string.h>

#include "streams/arena_private.h"

#if defined __ARM_FEATURE_CRC32
#include <arm_acle.h>
#endif

uint32_t
checksum_by_table(uint32_t crc, const unsigned char *data, size_t size)
{
	/* One row a nibble: small, and only for machines without the instruction. */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

#if defined __x86_64__ || defined __ARM_FEATURE_CRC32
static inline uint64_t
word_at(const unsigned char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof word);
	return word;
}
#endif

#if defined __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
checksum_by_instruction(uint32_t crc, const unsigned char *data, size_t size)
{
	uint64_t wide = crc;

	for (; size >= 32; size -= 32, data += 32) {
		wide = __builtin_ia32_crc32di(wide, word_at(data));
		wide = __builtin_ia32_crc32di(wide, word_at(data + 8));
		wide = __builtin_ia32_crc32di(wide, word_at(data + 16));
		wide = __builtin_ia32_crc32di(wide, word_at(data + 24));
	}
	for (; size >= 8; size -= 8, data += 8)
		wide = __builtin_ia32_crc32di(wide, word_at(data));
	crc = (uint32_t)wide;
	while (size-- > 0)
		crc = __builtin_ia32_crc32qi(crc, *data++);
	return crc;
}
#elif defined __ARM_FEATURE_CRC32
static uint32_t
checksum_by_instruction(uint32_t crc, const unsigned char *data, size_t size)
{
	for (; size >= 8; size -= 8, data += 8)
		crc = __crc32cd(crc, word_at(data));
	while (size-- > 0)
		crc = __crc32cb(crc, *data++);
	return crc;
}
#endif

uint32_t
arena_checksum(uint32_t seed, const void *data, size_t size)
{
#if defined __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~checksum_by_instruction(~seed, data, size);
#elif defined __ARM_FEATURE_CRC32
	return ~checksum_by_instruction(~seed, data, size);
#endif
	return ~checksum_by_table(~seed, data, size);
}
