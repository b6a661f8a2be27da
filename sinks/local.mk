libsinks_a_SOURCES =
