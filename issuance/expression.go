package issuance

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/certwright/certwright/request"
)

// expression is one rule of a profile.
type expression struct {
	name    string
	path    string
	verdict verdictWord
	field   string
	message string
	fix     string
	reason  request.Reason
	program *vm.Program
}

// Bounds that make every expression end soon: its size, how deep its walks
// over lists nest, and how long the lists are.
const (
	maxExpression = 4096
	maxNodes      = 300
	maxNesting    = 2
	maxListed     = 300
	maxMemory     = 200_000
)

// builtins are the functions of the language that expressions may call: those
// that always end, make nothing larger than what they are given, and look
// neither at the clock nor at the machine.
var builtins = [...]string{
	"all", "any", "none", "one", "filter", "map", "count", "find", "len", "lower", "upper", "trim", "trimPrefix", "trimSuffix",
	"hasPrefix", "hasSuffix", "split", "indexOf", "int", "float", "string", "duration", "first", "last", "keys", "values",
	"abs", "min", "max", "sum",
}

func (c *compiler) expressions(texts []ruleText) []expression {
	var out []expression
	seen := map[string]bool{}
	for i, t := range texts {
		path := "rules[" + strconv.Itoa(i) + "]"
		switch {
		case t.Name == "":
			c.fail(path, "a rule needs a name")
		case seen[t.Name]:
			c.fail(path+".name", "the rule %q stands twice", t.Name)
		case t.Message == "":
			c.fail(path, "a rule needs a message: what is wrong, for the requester")
		case t.Verdict == "":
			c.fail(path, "a rule needs a verdict: refuse, hold or warn")
		}
		seen[t.Name] = true
		program, err := compileExpression(t.When)
		if err != nil {
			c.fail(path+".when", "%v", err)
			continue
		}
		out = append(out, expression{
			name: t.Name, path: path + ".name", verdict: t.Verdict, field: t.Field, message: t.Message, fix: t.Fix,
			reason: reasonOf(t.Field), program: program,
		})
	}
	return out
}

// reasonOf tells a rule's reason from the field it names.
func reasonOf(field string) request.Reason {
	head, _, _ := strings.Cut(field, ".")
	switch head {
	case "subject":
		return request.BadSubject
	case "subjectAltName":
		return request.BadName
	case "publicKey":
		return request.BadKey
	case "extensions":
		return request.BadExtension
	case "notBefore", "notAfter":
		return request.BadValidity
	case "evidence":
		return request.BadEvidence
	}
	return request.PolicyRefused
}

func compileExpression(text string) (*vm.Program, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("a rule needs an expression, such as len(request.names.dns) > 3")
	}
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression is %d bytes long, more than %d", len(text), maxExpression)
	}
	options := []expr.Option{
		expr.Env(Environment{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins(),
		expr.Function("inNetwork", inNetwork, new(func(string, string) bool)),
		expr.Function("inDomain", inDomain, new(func(string, string) bool)),
	}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, plainExpression(err)
	}
	if err := bounded(tree.Node); err != nil {
		return nil, err
	}
	program, err := expr.Compile(text, options...)
	if err != nil {
		return nil, plainExpression(err)
	}
	return program, nil
}

// plainExpression says what the compiler says in one line.
func plainExpression(err error) error {
	var at *file.Error
	if errors.As(err, &at) {
		return fmt.Errorf("the expression is wrong at column %d of its line %d: %s", at.Column+1, max(1, at.Line), plainMistake(at.Message))
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("the expression is wrong: %s", first)
}

// plainMistake says in the words of a profile what the compiler says in those
// of its language.
func plainMistake(said string) string {
	if operator, types, ok := strings.Cut(said, " (mismatched types "); ok {
		operator = strings.TrimPrefix(operator, "invalid operation: ")
		left, right, _ := strings.Cut(strings.TrimSuffix(types, ")"), " and ")
		plain := fmt.Sprintf("%s stands between %s and %s; compare what is of one kind", operator, plainType(left), plainType(right))
		if strings.HasPrefix(left, "[]") && !strings.HasPrefix(right, "[]") {
			plain += `, such as "a" in LIST or any(LIST, # == "a")`
		}
		return plain
	}
	if name, ok := strings.CutPrefix(said, "unknown name "); ok {
		return "there is no " + name + "; put text in quotation marks, and see docs/profiles.md for what there is"
	}
	return said
}

func plainType(name string) string {
	switch name {
	case "[]string":
		return "a list of texts"
	case "string":
		return "a text"
	case "int", "int64", "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "time.Time":
		return "a time"
	case "time.Duration":
		return "a length of time"
	}
	if strings.HasPrefix(name, "[]") {
		return "a list"
	}
	return "a value of another kind"
}

// bounded refuses what could make an expression long or large: ranges,
// variables (which double with every line), and walks within walks.
func bounded(root ast.Node) error {
	v := &bounds{}
	ast.Walk(&root, v)
	return v.err
}

type bounds struct {
	err     error
	deepest int
}

func (v *bounds) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if n.Operator == ".." {
			v.err = errors.New("ranges (1..9) are not read in profiles: an expression has to end soon; use the lists of the request")
		}
	case *ast.BuiltinNode:
		// The compiler's own switch leaves functions with a predicate in.
		if !slices.Contains(builtins[:], n.Name) {
			v.err = fmt.Errorf("the function %s is not read in profiles%s", n.Name, suggestion(n.Name, builtins[:]))
		}
	case *ast.VariableDeclaratorNode:
		v.err = errors.New("variables (let) are not read in profiles: an expression has to end soon; write the value out")
	case *ast.PredicateNode:
		inner := &bounds{}
		body := n.Node
		ast.Walk(&body, inner)
		if v.deepest = max(v.deepest, inner.deepest+1); v.deepest > maxNesting {
			v.err = fmt.Errorf("walks over lists are nested more than %d deep; an expression has to end soon", maxNesting)
		}
	}
}

func inNetwork(args ...any) (any, error) {
	address, err := netip.ParseAddr(args[0].(string))
	if err != nil {
		return false, fmt.Errorf("%q is no address", args[0])
	}
	network, err := netip.ParsePrefix(args[1].(string))
	if err != nil {
		return false, fmt.Errorf("%q is no network, such as 10.0.0.0/8", args[1])
	}
	return network.Contains(address.Unmap()), nil
}

func inDomain(args ...any) (any, error) {
	name, domain := strings.ToLower(args[0].(string)), strings.ToLower(args[1].(string))
	return domain != "" && (name == domain || strings.HasSuffix(name, "."+domain)), nil
}

// profileRules evaluates the expressions. One that cannot be evaluated
// refuses, whatever its verdict would have been.
func profileRules(c *judging) {
	if len(c.profile.expressions) == 0 {
		return
	}
	attributes := 0
	for _, rdn := range c.subject.RDNs {
		attributes += len(rdn)
	}
	if max(len(c.names), len(c.request.Extensions), attributes) > maxListed {
		c.refuse(request.PolicyRefused, "", fmt.Sprintf("the request has more than %d names, extensions or attributes, too many for the rules of the profile to be evaluated", maxListed), "make several requests")
		return
	}
	env := c.environment()
	machine := vm.VM{MemoryBudget: maxMemory}
	for i := range c.profile.expressions {
		e := &c.profile.expressions[i]
		named := rule{name: e.name}
		c.rule = &named
		result, err := machine.Run(e.program, env)
		hit, is := result.(bool)
		switch {
		case err != nil || !is:
			c.refuseBy(e.path, request.PolicyRefused, e.field, "the rule could not be evaluated on this request: "+plainRun(err),
				"ask the operator of the authority to mend the rule")
		case hit:
			c.found(severityOf(e.verdict), reasonFor(e), c.profile.at(e.path), e.field, e.message, e.fix)
		}
	}
}

func plainRun(err error) string {
	var at *file.Error
	switch {
	case err == nil:
		return "it gives neither true nor false"
	case errors.As(err, &at):
		return at.Message
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

func severityOf(v verdictWord) Severity {
	switch v {
	case "warn":
		return Warning
	case "hold":
		return Hold
	}
	return Error
}

func reasonFor(e *expression) request.Reason {
	if severityOf(e.verdict) != Error {
		return ""
	}
	return e.reason
}
