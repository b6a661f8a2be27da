#!/bin/sh
# The schema that awaitd --schema writes, by a validator that is not ours (python3-jsonschema): it is a schema, and
# its verdict on a config is that of awaitd --check, as far as a schema can tell.
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
awaitd=${top_builddir:-.}/awaitd

if ! python3 -c 'from jsonschema import Draft202012Validator' 2>/dev/null; then
	echo '1..0 # SKIP python3 has no jsonschema with draft 2020-12 (Debian: python3-jsonschema)'
	exit 0
fi
"$awaitd" --schema >"$folder/schema.json" || exit 99
# One config a line: what is right, and what is wrong.
cat >"$folder/right" <<'END'
{}
{"$schema":"x","$comment":[1],"streams":{"$comment":1},"sinks":{}}
{"streams":{"a":{"source":{"type":"timer"}}}}
{"streams":{"a":{"$comment":{},"source":{"type":"timer","$comment":0,"from":-3,"to":5,"interval":"1.5s"},"unit":"%RH"}}}
{"streams":{"a":{"source":{"type":"timer"},"history":"2MiB","max_line":4096,"open":"on-demand","linger":"5s"}}}
{"streams":{"a":{"source":{"type":"timer"},"history":{"size":2097152,"count":5,"age":"1h","path":"/x"}}}}
{"streams":{"a":{"source":{"type":"timer"},"operators":[{"op":"deadband","by":0.5},{"op":"take","count":3}],"allow":{"users":["root",7],"groups":[]}}}}
{"sinks":{"local":{"type":"unix","path":"/run/x","mode":"0600","group":0,"block":true,"block_timeout":"never"}}}
END
cat >"$folder/wrong" <<'END'
[]
{"stream":{}}
{"streams":[]}
{"streams":{"a b":{"source":{"type":"timer"}}}}
{"streams":{"a":{}}}
{"streams":{"a":{"source":{"type":"no such type"}}}}
{"streams":{"a":{"source":{"interval":"1s"}}}}
{"streams":{"a":{"source":{"type":"timer","intervall":"1s"}}}}
{"streams":{"a":{"source":{"type":"timer","interval":5}}}}
{"streams":{"a":{"source":{"type":"timer","interval":"5 s"}}}}
{"streams":{"a":{"source":{"type":"timer","from":"1"}}}}
{"streams":{"a":{"source":{"type":"timer","from":1.5}}}}
{"streams":{"a":{"source":{"type":"timer"},"unit":"celsius"}}}
{"streams":{"a":{"source":{"type":"timer"},"open":"never"}}}
{"streams":{"a":{"source":{"type":"timer"},"history":"many"}}}
{"streams":{"a":{"source":{"type":"timer"},"history":{"size":1}}}}
{"streams":{"a":{"source":{"type":"timer"},"history":{"path":"x"}}}}
{"streams":{"a":{"source":{"type":"timer"},"operators":[{"op":"deadband","by":"1"}]}}}
{"streams":{"a":{"source":{"type":"timer"},"operators":{"op":"take","count":3}}}}
{"sinks":{"local":{"type":"unix","mode":660}}}
{"sinks":{"local":{"type":"unix","block":"yes"}}}
END
validate()
{
	python3 - "$folder/schema.json" "$1" <<'END'
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
if sys.argv[2]:
    sys.exit(0 if Draft202012Validator(schema).is_valid(json.load(open(sys.argv[2]))) else 1)
END
}
claim()
{
	number=$((number + 1))
	if [ "$2" = "$3" ]; then echo "ok $number - $1"; else echo "not ok $number - $1 # $2, expected $3"; fi
}
# $1: a file of configs; $2: the status that awaitd --check has for each; $3: and the validator
verdicts()
{
	while read -r line; do
		printf '%s\n' "$line" >"$folder/config.json"
		"$awaitd" --check -c "$folder/config.json" >"$folder/said" 2>&1
		checked=$?
		validate "$folder/config.json"
		claim "both_say_the_same_of $line" "$checked $?" "$2 $3"
	done <"$1"
}
number=0
echo "1..$((1 + $(wc -l <"$folder/right") + $(wc -l <"$folder/wrong")))"
validate ''
claim what_is_written_is_a_schema $? 0
verdicts "$folder/right" 0 0
verdicts "$folder/wrong" 78 1
