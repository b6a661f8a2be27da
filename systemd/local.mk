# Unit files, with the paths of this build, and what the service's user needs.
EXTRA_DIST += \
	%D%/60-awaitd.rules \
	%D%/awaitd.service.in \
	%D%/awaitd.socket \
	%D%/sysusers.d/awaitd.conf \
	%D%/tmpfiles.d/awaitd.conf \
	%D%/user/awaitd.service.in \
	%D%/user/awaitd.socket
dist_doc_DATA += %D%/devices.conf %D%/network.conf %D%/realtime.conf

# Lines that only systemd 254 and later know go in where that is what we build with: an older
# one warns at each of them.
SYSTEMD_254 = $(shell $(PKG_CONFIG) --atleast-version=254 libsystemd \
	&& echo 's|@SYSTEMD_254[@]||' || echo '/@SYSTEMD_254[@]/d')
SYSTEMD_EDIT = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) \
	-e 's|@bindir[@]|$(bindir)|g' \
	-e 's|@sbindir[@]|$(sbindir)|g' \
	-e '$(SYSTEMD_254)'

systemd/awaitd.service: $(srcdir)/systemd/awaitd.service.in Makefile
	$(SYSTEMD_EDIT) $(srcdir)/systemd/awaitd.service.in >$@.tmp && mv $@.tmp $@

systemd/user/awaitd.service: $(srcdir)/systemd/user/awaitd.service.in Makefile
	$(SYSTEMD_EDIT) $(srcdir)/systemd/user/awaitd.service.in >$@.tmp && mv $@.tmp $@

CLEANFILES += systemd/awaitd.service systemd/user/awaitd.service

if SYSTEMD_UNITS
systemdsystemunit_DATA = systemd/awaitd.service %D%/awaitd.socket
systemduserunit_DATA = systemd/user/awaitd.service %D%/user/awaitd.socket
sysusers_DATA = %D%/sysusers.d/awaitd.conf
tmpfiles_DATA = %D%/tmpfiles.d/awaitd.conf
udevrulesdir = $(patsubst %/systemd/system,%/udev/rules.d,$(systemdsystemunitdir))
udevrules_DATA = %D%/60-awaitd.rules
endif

# distcheck installs as anybody, into a place of its own.
AM_DISTCHECK_CONFIGURE_FLAGS = \
	--with-systemdsystemunitdir='$${dc_install_base}/lib/systemd/system' \
	--with-systemduserunitdir='$${dc_install_base}/lib/systemd/user' \
	--with-sysusersdir='$${dc_install_base}/lib/sysusers.d' \
	--with-tmpfilesdir='$${dc_install_base}/lib/tmpfiles.d'
