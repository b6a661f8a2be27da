libstreams_a_SOURCES =
