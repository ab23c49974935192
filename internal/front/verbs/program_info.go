package verbs

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/front"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "The version of this program", Args: nothing, Example: "certwright version",
		RunE: func(*cobra.Command, []string) error { return p.tellVersion() },
	}
}

func (p *program) tellVersion() error {
	v := versionOf(p.version)
	if p.shell.JSON {
		return p.shell.Object(map[string]string{"version": v, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	p.shell.Print("certwright %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// versionOf is the version the build was told, or what the build knows itself.
func versionOf(told string) string {
	if told != "" {
		return told
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// opensslCommand hands everything behind it on, untouched.
func (p *program) opensslCommand() *cobra.Command {
	return &cobra.Command{
		Use: "openssl COMMAND [options]", Short: "The commands of OpenSSL 3.0, with their options and messages", DisableFlagParsing: true,
		Long: "Run a command as OpenSSL 3.0 does. A link to certwright with the name openssl does the same.\n\n" +
			"Options that are not supported are errors, never passed over. \"certwright openssl help\" lists the commands,\n" +
			"\"certwright openssl COMMAND -help\" the options of one.",
		Example: `certwright openssl genrsa -out ca.key 2048
certwright openssl rsa -in ca.key -pubout`,
		RunE: func(c *cobra.Command, _ []string) error {
			// Flags before the verb are certwright's, and mean nothing behind it.
			own := c.Root().PersistentFlags()
			own.SetInterspersed(false)
			if err := own.Parse(p.args); err != nil {
				return front.Usage("put options of OpenSSL behind its command", "%v", err)
			}
			p.exit = p.openssl(own.Args()[1:])
			return nil
		},
	}
}

func completionCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Completion of commands for a shell", Args: takes(1, 1, "one of bash, zsh, fish, powershell"),
		Long: "Print the script that lets a shell complete certwright's verbs and flags.",
		Example: `certwright completion bash > /etc/bash_completion.d/certwright
certwright completion zsh > "${fpath[1]}/_certwright"`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			root, w := c.Root(), c.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(w, true)
			case "zsh":
				return root.GenZshCompletion(w)
			case "fish":
				return root.GenFishCompletion(w, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(w)
			}
			return front.Usage("the shells are bash, zsh, fish and powershell", "there is no completion for %q", args[0])
		},
	}
	return c
}

func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages", Args: takes(1, 1, "one folder"), Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return p.writeManual(c.Root(), args[0])
		},
	}
}
