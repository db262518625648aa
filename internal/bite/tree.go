package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// copyTree makes n copies of the sources, those that are not committed yet among
// them, and returns how to remove them again.
func copyTree(ctx context.Context, n int) (copies []string, remove func(), err error) {
	listed, err := exec.CommandContext(ctx, "git", "ls-files", "-co", "--exclude-standard", "-z").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("list sources: %w", err)
	}
	folder, err := os.MkdirTemp("", "voicepact-bite-")
	if err != nil {
		return nil, nil, fmt.Errorf("copy: %w", err)
	}
	remove = func() { _ = os.RemoveAll(folder) }
	for i := range n {
		to := filepath.Join(folder, strconv.Itoa(i))
		for file := range strings.SplitSeq(strings.Trim(string(listed), "\x00"), "\x00") {
			if err := copyFile(file, filepath.Join(to, file)); err != nil {
				remove()
				return nil, nil, err
			}
		}
		copies = append(copies, to)
	}
	return copies, remove, nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // what git lists
	if errors.Is(err, fs.ErrNotExist) {
		return nil // listed still, and deleted already
	}
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return write(to, string(text))
}

func write(file, text string) error {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
