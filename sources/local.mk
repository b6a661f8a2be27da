libsources_a_SOURCES =
