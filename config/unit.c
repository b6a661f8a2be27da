#include "config/unit.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "config/suggest.h"

const char *const unit_names[] = {
	/* RFC 8428, 12.1 */
	"m", "kg", "g", "s", "A", "K", "cd", "mol", "Hz", "rad", "sr", "N", "Pa", "J", "W", "C",
	"V", "F", "Ohm", "S", "Wb", "T", "H", "Cel", "lm", "lx", "Bq", "Gy", "Sv", "kat", "m2",
	"m3", "l", "m/s", "m/s2", "m3/s", "l/s", "W/m2", "cd/m2", "bit", "bit/s", "lat", "lon",
	"pH", "dB", "dBW", "Bspl", "count", "/", "%", "%RH", "%EL", "EL", "1/s", "1/min",
	"beat/min", "beats", "S/m",
	/* RFC 8798, 2 */
	"B", "VA", "VAs", "var", "vars", "J/m", "kg/m3", "deg",
	/* RFC 8798, 3, and what was registered since: secondary units */
	"ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh",
	"kVAh", "Wh/km", "KiB", "GB", "Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3",
	"mm/h", "m/h", "ppm", "/100", "/1000", "hPa", "mm", "cm", "km", "km/h", "ppb", "ppt",
	"VAh", "mg/l", "ug/l", "g/l",
	NULL,
};

static const char *const habits[][2] = {
	{ "\xc2\xb0" "C", "Cel" }, { "degC", "Cel" }, { "celsius", "Cel" },
	{ "\xe2\x84\x83", "Cel" }, { "lux", "lx" }, { "\xce\xa9", "Ohm" },
	{ "\xe2\x84\xa6", "Ohm" }, { "ohms", "Ohm" }, { "volt", "V" }, { "volts", "V" },
	{ "ampere", "A" }, { "amps", "A" }, { "watt", "W" }, { "watts", "W" },
	{ "pascal", "Pa" }, { "mbar", "hPa" }, { "rpm", "1/min" }, { "bpm", "beat/min" },
	{ "percent", "%" }, { "rh", "%RH" }, { "%rF", "%RH" }, { "\xc2\xb5g/m3", "ug/m3" },
	{ "\xce\xbcg/m3", "ug/m3" }, { "kph", "km/h" }, { "kmh", "km/h" }, { "sec", "s" },
	{ "seconds", "s" }, { "hour", "h" }, { "liter", "l" }, { "bytes", "B" },
	{ "\xc2\xb0", "deg" }, { "degree", "deg" }, { "m\xc2\xb2", "m2" },
	{ "m\xc2\xb3", "m3" }, { "m/s\xc2\xb2", "m/s2" }, { "m/s^2", "m/s2" }, { "pct", "%" },
	{ "kelvin", "K" }, { "hertz", "Hz" }, { "joule", "J" }, { "newton", "N" },
	{ "meter", "m" }, { "metre", "m" },
};

bool
unit_known(const char *name)
{
	for (const char *const *known = unit_names; *known != NULL; known++) {
		if (strcmp(name, *known) == 0)
			return true;
	}
	return false;
}

const char *
unit_suggest(const char *wrong)
{
	struct suggestion suggestion = suggestion_begin(wrong);

	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
		if (strcasecmp(wrong, habits[i][0]) == 0)
			return habits[i][1];
	}
	for (const char *const *known = unit_names; *known != NULL; known++)
		suggestion_try(&suggestion, *known);
	return suggestion.best;
}
