# Every test program links the rooms as they ship.
TEST_LIBS = $(ROOMS) $(CMOCKA_LIBS) $(ROOM_LIBS)
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests

if HAVE_CMOCKA
# base/fdstore
check_PROGRAMS += tests/test-fdstore
TESTS += tests/test-fdstore
tests_test_fdstore_SOURCES = %D%/test-fdstore.c
tests_test_fdstore_CPPFLAGS = $(TEST_CPPFLAGS)
tests_test_fdstore_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_fdstore_LDADD = $(TEST_LIBS)
endif
