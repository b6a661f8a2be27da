# Every test program links the rooms as they ship.
TEST_LIBS = $(ROOMS) $(CMOCKA_LIBS) $(ROOM_LIBS)
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests

if HAVE_CMOCKA
endif
