# billing, a PostgreSQL extension in C++.
#
# This file has two faces. Called in the source tree it is a front door: the product's goals (all, install, ...)
# run in build/pgxs and the development goals (test, lint, ...) run scripts, so nothing is written beside the
# sources. Called from any other directory it is an ordinary PGXS makefile:
#
#     make -C build/pgxs -f ../../Makefile
#
# Variables: PG_CONFIG=...  CXX=clang++  WERROR=1  SANITIZE=1  DESTDIR=...  BOOST_ROOT=...

EXTENSION := billing
SRCDIR    := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

ifeq ($(CURDIR),$(SRCDIR))
# ---------------------------------------------------------------------------------------------- front door

PRODUCT_GOALS := all install uninstall installdirs installcheck

.DEFAULT_GOAL := all
.PHONY: $(PRODUCT_GOALS) clean distclean help setup test lint format check-deep demo bench

$(PRODUCT_GOALS):
	@mkdir -p build/pgxs
	@$(MAKE) --no-print-directory -C build/pgxs -f ../../Makefile $@

clean distclean:
	rm -rf build

help:
	@echo 'make                      build the extension (below build/)'
	@echo 'make install              install it into the PostgreSQL that PG_CONFIG names'
	@echo 'make installcheck         run the regression tests on a running server that has it installed'
	@echo 'make test [SUITE="..."]   every test on a private server; needs nothing but Debian and root or sudo'
	@echo 'make lint                 format, warnings, static analysis, architecture and script rules'
	@echo 'make format               format the C++ sources'
	@echo 'make check-deep           unit tests and the extension itself under sanitizers'
	@echo 'make demo                 a guided tour on a private server'
	@echo 'make bench [SIZE=500000]  the benchmark on a private server'
	@echo 'make setup                only install the Debian packages all of these need'
	@echo 'make clean                remove build/'

# These install what they need first, so they must not depend on pg_config being there already.
setup:
	@bash tests/support/packages.sh build test lint deep

test:
	@bash tests/run.sh $(SUITE)

lint:
	@bash tests/support/lint.sh $(CHECK)

format:
	@bash tests/support/packages.sh lint
	find src tests/unit -name '*.[ch]pp' | xargs clang-format -i

check-deep:
	@bash tests/support/deep.sh

demo:
	@bash examples/demo/run.sh

bench:
	@SIZE='$(SIZE)' bash bench/run.sh

else
# ----------------------------------------------------------------------------------------- the PGXS makefile

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
PGXS      := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error $(PG_CONFIG) names no PGXS: install postgresql-server-dev-15 ("make setup"), or set PG_CONFIG)
endif

# $(call below,PATTERN...): matching files as paths relative to the source tree.
below = $(patsubst $(SRCDIR)/%,%,$(sort $(wildcard $(addprefix $(SRCDIR)/,$(1)))))
# $(call remember,FILE,TEXT): rewrites FILE only when TEXT changed, so that FILE can be a prerequisite.
remember = $(if $(call differs,$(strip $(file <$(1))),$(strip $(2))),$(file >$(1),$(strip $(2))))
differs  = $(if $(filter-out x$(subst $() ,_,$(1)),x$(subst $() ,_,$(2))),yes)

EXTVERSION    := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(SRCDIR)/$(EXTENSION).control)
SCRIPT        := $(EXTENSION)--$(EXTVERSION).sql
INSTALL_SQL   := $(call below,sql/install/*.sql)
SCHEMA_SQL    := $(call below,sql/schema/*.sql)

MODULE_big    := $(EXTENSION)
OBJS          := $(patsubst %.cpp,%.o,$(call below,src/*.cpp src/*/*.cpp))
UPDATES       := $(call below,sql/updates/*--*--*.sql)
DATA          := $(call below,sql/released/*.sql)
DATA_built    := $(SCRIPT) $(notdir $(UPDATES))
REGRESS       := $(patsubst tests/regress/sql/%.sql,%,$(call below,tests/regress/sql/*.sql))
REGRESS_OPTS   = --inputdir=regress
REGRESS_PREP   = regress-input
EXTRA_CLEAN    = exports.map schema_script.sql flags.stamp objects.stamp pieces.stamp regress $(OBJS:.o=.d)

# The server's and Boost's headers count as system headers: their warnings are not ours.
PG_CPPFLAGS  = -I$(SRCDIR)/src -isystem $(shell $(PG_CONFIG) --includedir-server) \
               $(if $(BOOST_ROOT),-isystem $(BOOST_ROOT)/include)
LANGUAGE     = -std=c++17 -fvisibility=hidden -fvisibility-inlines-hidden
WARNINGS     = -Wall -Wextra -Wshadow $(if $(findstring clang,$(CXX)),-Wno-unknown-warning-option) \
               $(if $(filter 1,$(WERROR)),-Werror)
# Undefined behaviour must end the test, not just print a line.
SANITIZERS   = $(if $(filter 1,$(SANITIZE)),-fsanitize=address -fsanitize=undefined \
               -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
PG_CXXFLAGS  = $(LANGUAGE) $(WARNINGS) $(SANITIZERS) -MMD -MP

# PGXS links with the C compiler, which leaves the C++ run-time library out.
override COMPILER = $(CXX) $(CXXFLAGS)
# PGXS's own rule for JIT bitcode ignores PG_CXXFLAGS, hence the language standard.
COMPILE.cxx.bc = $(CLANG) -xc++ -Wno-ignored-attributes $(BITCODE_CXXFLAGS) $(LANGUAGE) $(CPPFLAGS) -flto=thin -emit-llvm -c

# Bitcode is optional; without the compiler the server was built with, do without it.
SERVER_CLANG := $(shell sed -n 's/^CLANG *= *//p' $(dir $(PGXS))../Makefile.global)
ifeq ($(wildcard $(SERVER_CLANG)),)
override with_llvm := no
endif

# Templates of Boost and the standard library ask for default visibility; the linker hides them all the same.
SHLIB_LINK  += -Wl,--version-script=exports.map

include $(PGXS)

$(shlib): exports.map
exports.map: src/pg/exports.hpp
	{ echo '{ global: Pg_magic_func; _PG_init;'; \
	  sed -n 's/^ *DECLARE(\([a-z_]*\)).*/\1; pg_finfo_\1;/p' $<; echo 'local: *; };'; } > $@

# Exact arithmetic lives in src/domain; there a silent conversion is a bug.
src/domain/%.o: override CXXFLAGS += -Wconversion -Wsign-conversion

# Objects keep the folders of their sources, and follow a change of flags or of the list of files.
$(call remember,flags.stamp,$(CXX) $(CXXFLAGS) $(CPPFLAGS))
$(call remember,objects.stamp,$(OBJS))
$(call remember,pieces.stamp,$(INSTALL_SQL) $(SCHEMA_SQL))

# (As prerequisites the folders would be found through VPATH, in the source tree.)
$(shell mkdir -p $(sort $(dir $(OBJS))))
$(OBJS) $(OBJS:.o=.bc): flags.stamp
$(shlib): objects.stamp
-include $(OBJS:.o=.d)

# The extension script: the install pieces in order and, behind the first one (its header), the schema pieces
# wrapped as text in a function; billing.install() runs that text later, so the tables it makes are the user's
# and not the extension's.
define SCHEMA_HEAD
CREATE FUNCTION @extschema@.schema_script() RETURNS pg_catalog.text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    RETURN $$billing_schema$$
endef
define SCHEMA_TAIL
$$billing_schema$$::pg_catalog.text;
COMMENT ON FUNCTION @extschema@.schema_script() IS
    'the script that billing.install() runs: tables, indexes, views and guards';
endef
export SCHEMA_HEAD SCHEMA_TAIL

schema_script.sql: $(SCHEMA_SQL) pieces.stamp
	@if cd $(SRCDIR) && grep -Fn '$$billing_schema$$' $(INSTALL_SQL) $(SCHEMA_SQL) /dev/null; then \
	    echo 'a piece contains the delimiter of the schema script' >&2; exit 1; fi
	@here=$$PWD; cd $(SRCDIR) && { \
	    printf '%s\n' "$$SCHEMA_HEAD"; cat $(SCHEMA_SQL) /dev/null; printf '%s\n' "$$SCHEMA_TAIL"; } > "$$here/$@.new"
	@mv $@.new $@

$(SCRIPT): $(INSTALL_SQL) schema_script.sql
	@echo 'generating $@'
	@here=$$PWD; cd $(SRCDIR) && { \
	    cat $(firstword $(INSTALL_SQL)); \
	    echo; cat "$$here/schema_script.sql"; echo; \
	    cat $(wordlist 2,$(words $(INSTALL_SQL)),$(INSTALL_SQL)) /dev/null; \
	  } > "$$here/$@.new"
	@mv $@.new $@

# Update scripts take the pieces that they add from the same files.
$(notdir $(UPDATES)): %.sql: sql/updates/%.sql sql/updates/expand.awk $(INSTALL_SQL) schema_script.sql
	@echo 'generating $@'
	@here=$$PWD; cd $(SRCDIR) && awk -v schema_script="$$here/schema_script.sql" -f sql/updates/expand.awk \
	    sql/updates/$@ > "$$here/$@.new"
	@mv $@.new $@

# pg_regress 15 looks for sql/ and expected/ below one folder; ours are two.
.PHONY: regress-input
regress-input:
	@mkdir -p regress
	@ln -sfn $(SRCDIR)/tests/regress/sql regress/sql
	@ln -sfn $(SRCDIR)/expected regress/expected
endif
