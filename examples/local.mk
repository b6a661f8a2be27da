# Configs that run; tests/test-examples.sh checks each.
examplesdir = $(docdir)/examples
dist_examples_DATA = %D%/demo.json %D%/gateway.json %D%/raspberry-pi.json
