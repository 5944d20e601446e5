# make run     installs what is missing, builds, and opens the studio (on a terminal; else make demo)
# make demo    makes a video with the model in samples/, and continues a real one
# make test    installs what is missing, builds, runs all tests, the numeric ones with every set of
#              kernels that the processor has
# make build   leaves the program at .build/release/pvdm
# make install PREFIX=/usr/local   puts the program, its themes and samples, manual pages and
#              completions for bash, zsh and fish under PREFIX
# make docs    writes the documentation of the libraries to out/docs
# make lint    checks the formatting of every Swift file, that targets use lower ones only, and that
#              documents name files and tests that exist
# make fuzz    tries every door for foreign bytes for SECONDS each, or DOOR alone (libFuzzer)
# make sanitize   runs the tests of kernels and threads with the toolchain's sanitizers
# make setup   installs the Debian packages
# make setup-graphics   installs clang-19, with which the program gets its kernels for NVIDIA's graphics
#              processors; without it all else is the same
# make setup-mpi   installs Open MPI, MPICH and Slurm, with which the tests of trainings by several
#              processes and of jobs on a cluster are not skipped; nothing else needs them

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
OUT ?= out
SECONDS ?= 60

PACKAGES = libdnnl-dev libncursesw5-dev ncurses-term libchafa-dev libglib2.0-dev \
	libopenblas-dev libpng-dev libavformat-dev libavcodec-dev libavutil-dev libswscale-dev \
	libavfilter-dev libsqlite3-dev libssl-dev zlib1g-dev pkg-config

# The samples that the program uses; the example is for people who read the source.
SAMPLES = $(filter-out samples/library-example,$(wildcard samples/*))
ROOT = $(DESTDIR)$(PREFIX)
MANUAL = .build/manual

.PHONY: setup setup-mpi setup-graphics build run demo test lint docs fuzz sanitize manual install uninstall clean

setup:
	@if ! command -v $(SWIFT) >/dev/null; then \
	  echo "Swift 6.1 or later is needed: https://www.swift.org/install"; exit 1; fi
	@if ! command -v dpkg-query >/dev/null; then \
	  echo "This is not Debian. Install the development files of: oneDNN, ncursesw,"; \
	  echo "the ncurses terminal descriptions, chafa, GLib, libpng, OpenBLAS, SQLite,"; \
	  echo "FFmpeg (avformat, avcodec, avutil, swscale, avfilter), OpenSSL, zlib, and pkg-config;"; \
	  echo "then go on with make build."; \
	else \
	  missing=""; for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q "install ok installed" \
	      || missing="$$missing $$package"; done; \
	  if [ -n "$$missing" ]; then \
	    echo "installing$$missing"; \
	    if [ "$$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi; \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y -qq --no-install-recommends $$missing; \
	  fi; \
	fi

setup-mpi:
	$(MAKE) --no-print-directory setup PACKAGES="openmpi-bin mpich slurmctld slurmd slurm-client munge \
	  libpmix-dev iproute2"

setup-graphics:
	$(MAKE) --no-print-directory setup PACKAGES="clang-19"

build: setup
	.ci/graphics-kernels
	SWIFT=$(SWIFT) .ci/release-build --product pvdm

run: build
	@if [ -t 0 ] && [ -t 1 ]; then .build/release/pvdm studio; else $(MAKE) --no-print-directory demo; fi

# The main job without a terminal: a short video from nothing, and a real video continued.
demo: build
	@mkdir -p $(OUT)
	.build/release/pvdm sample skies-64 --clips 3 --steps 50 --later-steps 50 --seed 8 --scale 4 \
	  --preview --overwrite --output $(OUT)/skies.mp4 --output $(OUT)/skies.gif
	.build/release/pvdm extend samples/bunny.mp4 skies-64 --clips 1 --scale 4 \
	  --overwrite --output $(OUT)/bunny-continued.mp4
	@echo "Look at $(OUT)/skies.mp4, $(OUT)/skies.gif and $(OUT)/bunny-continued.mp4"

test: build
	SWIFT=$(SWIFT) .ci/release-build --build-tests
	SWIFT=$(SWIFT) .ci/run-tests
	SWIFT=$(SWIFT) .ci/test-kernels

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests .ci/check-layers \
	  samples/library-example/Package.swift samples/library-example/Sources
	.ci/check-layers
	.ci/check-documents

docs: build
	.ci/docs $(OUT)/docs

fuzz: setup
	.ci/fuzz $(SECONDS) $(DOOR)

sanitize: setup
	.ci/sanitize

# One page for each command, from the same text as --help; an empty line is a paragraph there.
manual: build
	SWIFT=$(SWIFT) .ci/release-build --product generate-manual
	rm -rf $(MANUAL) && mkdir -p $(MANUAL)
	.build/release/generate-manual .build/release/pvdm --multi-page --output-directory $(MANUAL) \
	  --date $$(git log -1 --format=%cs 2>/dev/null || date +%F)
	sed -i 's/^$$/.Pp/' $(MANUAL)/*.1

install: manual
	install -d $(ROOT)/bin $(ROOT)/share/pvdm/samples $(ROOT)/share/man/man1 \
	  $(ROOT)/share/bash-completion/completions $(ROOT)/share/zsh/site-functions \
	  $(ROOT)/share/fish/vendor_completions.d
	install -m 755 .build/release/pvdm $(ROOT)/bin/pvdm
	@# Names of functions stay, for the traces of a fault.
	strip --strip-debug $(ROOT)/bin/pvdm
	cp -R themes $(ROOT)/share/pvdm/
	cp -R $(SAMPLES) $(ROOT)/share/pvdm/samples/
	install -m 644 $(MANUAL)/*.1 $(ROOT)/share/man/man1/
	.build/release/pvdm --generate-completion-script bash > $(ROOT)/share/bash-completion/completions/pvdm
	.build/release/pvdm --generate-completion-script zsh > $(ROOT)/share/zsh/site-functions/_pvdm
	.build/release/pvdm --generate-completion-script fish > $(ROOT)/share/fish/vendor_completions.d/pvdm.fish

uninstall:
	rm -f $(ROOT)/bin/pvdm $(ROOT)/share/man/man1/pvdm.1 $(ROOT)/share/man/man1/pvdm.*.1 \
	  $(ROOT)/share/bash-completion/completions/pvdm $(ROOT)/share/zsh/site-functions/_pvdm \
	  $(ROOT)/share/fish/vendor_completions.d/pvdm.fish
	rm -rf $(ROOT)/share/pvdm/themes $(ROOT)/share/pvdm/samples
	@# With PREFIX=~/.local the user's models and videos lie beside them, and stay.
	rmdir --ignore-fail-on-non-empty $(ROOT)/share/pvdm

clean:
	rm -rf .build .build-fuzz .build-sanitize Sources/CGraphicsKernels/.generated $(OUT)
