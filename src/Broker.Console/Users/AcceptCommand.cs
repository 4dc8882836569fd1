using System.CommandLine;
using Broker.Console.Shell;

namespace Broker.Console.Users;

/// <summary><c>brokerctl user accept</c>: pins what an invitation says, once a person has compared it.</summary>
internal static class AcceptCommand
{
    public static Command Create(ConsoleHost host)
    {
        var file = new Argument<string>("file") { Description = "The invitation" };
        var compared = new Option<bool>("--compared") { Description = "I compared both fingerprints with the inviter by voice" };
        var renew = new Option<bool>("--renew")
        {
            Description = "Replaces a pin whose identity the customer gave up as compromised",
        };
        return new Command("accept", """
            Shows the fingerprints of an invitation; with --compared it pins them in this profile

            Examples:
              brokerctl user accept bob.invitation
              brokerctl user accept bob.invitation --compared
              brokerctl user accept bob.invitation --compared --renew
            """).With(file, compared, renew).Runs(host, context =>
        {
            var (invitation, key) = InvitationFile.Load(context.Get(file));
            var trust = context.Profile.Trust;
            if (invitation.Cluster != trust.Cluster || invitation.Root != trust.Fingerprint)
            {
                throw CommandException.Unverified(
                    "root-not-pinned", $"the invitation is for root {invitation.Root}, this profile has {trust.Fingerprint}",
                    "make a profile with the right root certificate: brokerctl init");
            }

            var files = context.Profile.Customer(invitation.Customer);
            var isOther = files.Pin(trust.Fingerprint) is { } pin && pin != invitation.Identity;
            if (isOther && !context.Get(renew))
            {
                throw CommandException.Unverified(
                    "identity-not-pinned", $"pinned is {files.Pin(trust.Fingerprint)}, the invitation says {invitation.Identity}",
                    "ask an administrator of the customer by voice; add --renew only if the former identity was given up as compromised");
            }

            var isPinned = context.Get(compared);
            if (isPinned && (isOther || files.Pin(trust.Fingerprint) is null))
                files.WritePin(trust.Fingerprint, invitation.Identity);
            PinnedResult.Print(context, invitation, key, isPinned);
            if (!isPinned)
                context.Note("nothing is pinned yet; when both are the inviter's: brokerctl user accept FILE --compared");
            return ExitCode.Ok;
        });
    }
}
