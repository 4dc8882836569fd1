using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Profiles;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Console.Agents;

/// <summary><c>brokerctl agent invite</c>: makes a one-time token here; the broker gets only its public key.</summary>
internal static class InviteAgentCommand
{
    private const int MaxInstance = 256;
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(15);

    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The agent's name");
        var customer = Parsing.Customer();
        var instance = new Option<string>("--instance") { Description = "The instance that is expected to redeem it", Required = true };
        var labels = Parsing.NamesOption("--label", "A label that release policies may name");
        var address = new Option<string[]>("--address")
        {
            Description = "Enrolment listener of the broker, up to 16; else the profile's",
            HelpName = "HOST:PORT",
            DefaultValueFactory = static _ => [],
        };
        var file = Parsing.FileOption("--token-file", "Where to write the token, mode 0600", required: true);
        var options = new EffectOptions();
        return options.AddTo(new Command("invite", """
            Lets an agent enrol with a one-time token, good for 15 minutes

            Whoever has the token file can enrol as that agent: bring it to the instance yourself, and delete it.

            Example:
              brokerctl agent invite web-1 --customer acme --instance i-0abc --label web --token-file web-1.token
            """).With(name, customer, instance, labels, address, file)).Runs(host, async context =>
        {
            var asked = context.Get(instance)!;
            if (asked.Length is 0 or > MaxInstance)
                throw CommandException.Usage($"--instance is 1 to {MaxInstance} characters");
            var pinned = await PinnedCustomer.LoadAsync(context, context.Need(customer));
            var terms = new EnrolmentTerms(
                context.Profile.Trust.Cluster, pinned.Name, context.Get(name), asked, Addresses(context, context.Get(address)!),
                context.Profile.Trust.Fingerprint, pinned.Custody.Identity.Fingerprint, Milliseconds(context.Now + TokenLife));
            var tokenFile = context.Need(file);
            var key = WriteToken(context, terms, tokenFile);
            var payload = new InviteAgentPayload(
                terms.Agent, terms.Instance, [.. context.Get(labels)!.Distinct()], key, terms.NotAfter).Encode();
            try
            {
                // The key actor verifies the invitation again when the token is redeemed, so the request lives as long.
                return await Effect.RunAsync(
                    context, options, pinned.Name, UserAction.InviteAgent, _ => (payload, null), life: TokenLife);
            }
            catch (CommandException e) when (e.Exit != ExitCode.OutcomeUnknown)
            {
                File.Delete(tokenFile);
                throw;
            }
        });
    }

    private static PublicKey WriteToken(CommandContext context, EnrolmentTerms terms, string path)
    {
        using var token = EnrolmentToken.Create(terms, context.Host.Random);
        using var text = token.Write();
        Files.Create(path, text.Span);
        return token.PublicKey;
    }

    private static IReadOnlyList<string> Addresses(CommandContext context, string[] given)
    {
        var addresses = given.Length > 0 ? ProfileSettings.CheckAddresses(given) : context.Profile.Settings.Enrolment;
        return addresses.Count > 0 ? addresses : throw CommandException.Usage(
            "the token has to say where the agent enrols",
            "add --address HOST:PORT, or enrolment = [\"host:port\"] to the profile's config");
    }

    private static DateTimeOffset Milliseconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
