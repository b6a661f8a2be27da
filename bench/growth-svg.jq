# growth-svg.jq - the result of scripts/growth as a drawing: a panel a thing that grows, both axes
# logarithmic, ns of processor time a delivery.
def panel_width: 230; def panel_height: 190;
def lg: log10;
def digits: . * 10 | round / 10;

# Within a panel; a count of 0 stands where 0.5 would.
def x($most): ((if . == 0 then .5 else . end) | lg + 0.31) / (($most | lg) + 0.31) * (panel_width - 60) + 45 | digits;
# 10 ns to 10 us.
def y: panel_height - 30 - ((. | lg) - 1) / 3 * (panel_height - 60) | digits;

def text($x; $y; $anchor): "<text x=\"\($x)\" y=\"\($y)\" text-anchor=\"\($anchor)\">\(.)</text>";

def grid($most):
  ( (10, 100, 1000, 10000) | . as $ns | "<path class=\"grid\" d=\"M45 \(y)H\(panel_width - 12)\"/>", ("\($ns)" | text(41; ($ns | y) + 4; "end")) );

def curve($most; $class):
  "<polyline class=\"\($class)\" points=\"\([.[] | "\(.at | x($most)),\(.ns_per_delivery | y)"] | join(" "))\"/>",
  (.[] | "<circle class=\"\($class)\" cx=\"\(.at | x($most))\" cy=\"\(.ns_per_delivery | y)\" r=\"2.5\"/>");

def panel($name; $left):
  (map(.at) | max) as $most
  | "<g transform=\"translate(\($left) 20)\">",
    ($name | text(panel_width / 2 + 15; 10; "middle")),
    grid($most),
    ([.[] | .at] | unique[] | . as $at | "\($at)" | text($at | x($most); panel_height - 12; "middle")),
    ([.[] | select(.batch > 1)] | curve($most; "batch")),
    ([.[] | select(.batch == 1)] | curve($most; "single")),
    "</g>";

[.[] | .name = (.axis | sub(", (one|256) events? a write"; ""))]
| (reduce .[].name as $n ([]; if index([$n]) then . else . + [$n] end)) as $names
| . as $all
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(panel_width * 2 + 10) \((panel_height + 20) * 2 + 20)\" font-family=\"sans-serif\" font-size=\"10\">",
  "<style>.grid{stroke:#ddd}polyline{fill:none;stroke-width:1.5}.batch{stroke:#1f6fb4}.single{stroke:#c4561a}circle.batch{fill:#1f6fb4}circle.single{fill:#c4561a}text{fill:#333}</style>",
  "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
  ("ns of processor time a delivery, as things grow; blue: 256 events a write, orange: one" | text(10; 14; "start")),
  ( range($names | length) as $i
    | "<g transform=\"translate(0 \(($i / 2 | floor) * (panel_height + 20) + 8))\">",
      ([$all[] | select(.name == $names[$i])] | panel($names[$i]; ($i % 2) * panel_width)),
      "</g>" ),
  "</svg>"
