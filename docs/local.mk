# Manual pages and papers.  What a config may say is written by awaitd itself, out of its tables.
dist_man_MANS += %D%/awaitctl.1 %D%/awaitd.8
dist_doc_DATA += README.md LICENSE %D%/architecture.md %D%/async.md %D%/performance.md \
	%D%/performance-table.md %D%/protocol.md %D%/testing.md
EXTRA_DIST += CONTRIBUTING.md %D%/growth.svg %D%/awaitd.json.5.in

nodist_man_MANS = docs/awaitd.json.5
docs/awaitd.json.5: $(srcdir)/docs/awaitd.json.5.in awaitd$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./awaitd$(EXEEXT) --man-options >$@.options \
	&& $(SED) -e '/^\.\\" @OPTIONS[@]/{r $@.options' -e 'd;}' $(srcdir)/docs/awaitd.json.5.in >$@.tmp \
	&& rm -f $@.options && mv $@.tmp $@

nodist_pkgdata_DATA = docs/awaitd.schema.json
docs/awaitd.schema.json: awaitd$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./awaitd$(EXEEXT) --schema >$@.tmp && mv $@.tmp $@

CLEANFILES += docs/awaitd.json.5 docs/awaitd.schema.json
