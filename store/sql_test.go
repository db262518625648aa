package store_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

// Every statement of the package is a constant whose name begins with sql, and
// each is prepared against the schema of each engine: a column that was renamed
// in one place only is found here, not by the first caller at night. What the
// dialects append is run by the stories.
func TestEveryStatementFitsTheSchema(t *testing.T) {
	t.Parallel()
	statements := readStatements(t)
	const fewest = 25
	if len(statements) < fewest {
		t.Fatalf("found %d statements only", len(statements))
	}
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		for name, statement := range statements {
			prepared, err := b.raw.PrepareContext(t.Context(), sqlx.Rebind(sqlx.DOLLAR, statement))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			closeIt(t, prepared)
		}
	})
}

// A statement outside a constant would escape the test above. Those of one
// engine only stand in dialect.go.
func TestNoStatementStandsOutsideAConstant(t *testing.T) {
	t.Parallel()
	looksLikeSQL := regexp.MustCompile(`(?s)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)
	for name, file := range parseFiles(t) {
		if name == "dialect.go" {
			continue
		}
		known := map[ast.Node]bool{}
		for _, spec := range constants(file) {
			for _, value := range spec.Values {
				ast.Inspect(value, func(n ast.Node) bool { known[n] = true; return true })
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || known[n] || literal.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(literal.Value); err == nil && looksLikeSQL.MatchString(text) {
				t.Errorf("%s: a statement outside a constant: %.60q", name, text)
			}
			return true
		})
	}
}

// readStatements returns the statements by the name of their constant.
func readStatements(t *testing.T) map[string]string {
	t.Helper()
	expressions := map[string]ast.Expr{}
	for _, file := range parseFiles(t) {
		for _, spec := range constants(file) {
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					expressions[name.Name] = spec.Values[i]
				}
			}
		}
	}
	statements := map[string]string{}
	for name, expression := range expressions {
		if !strings.HasPrefix(name, "sql") {
			continue
		}
		text, err := evaluate(expression, expressions)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		statements[name] = text
	}
	return statements
}

// parseFiles parses the package's sources, by name.
func parseFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

func constants(file *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST {
			continue
		}
		for _, spec := range general.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok {
				specs = append(specs, value)
			}
		}
	}
	return slices.Clip(specs)
}

// evaluate computes a text that is put together of literals and constants.
func evaluate(expression ast.Expr, known map[string]ast.Expr) (string, error) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.Ident:
		value, ok := known[e.Name]
		if !ok {
			return "", fmt.Errorf("no constant %s", e.Name)
		}
		return evaluate(value, known)
	case *ast.BinaryExpr:
		left, err := evaluate(e.X, known)
		if err != nil {
			return "", err
		}
		right, err := evaluate(e.Y, known)
		return left + right, err
	default:
		return "", fmt.Errorf("cannot evaluate %T", expression)
	}
}
