using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Requests;

/// <summary><c>brokerctl request</c>: requests in files, for administrators who sign elsewhere.</summary>
internal static class RequestCommand
{
    private const int MaxSignatures = 4;

    public static Command Create(ConsoleHost host) =>
        new Command("request", "Signs and sends requests that --save-request wrote").With(Show(host), Sign(host), Send(host));

    private static Command Show(ConsoleHost host)
    {
        var file = new Argument<string>("file") { Description = "The request" };
        return new Command("show", """
            Says what a request does and who signed it; believes nothing of the file but what was signed

            Example:
              brokerctl request show add-bob.json
            """).With(file).Runs(host, context =>
        {
            var (_, signed, request) = SavedRequest.Load(context.Get(file));
            var result = new SavedResult(
                EffectRoute.Of(request, signed.Payload.Span).Words, request.Action,
                [.. signed.Signatures.Select(static s => s.User.Value)]);
            context.Print(result, ConsoleJson.Default.SavedResult, o => Describe(o, request, signed));
            return ExitCode.Ok;
        });
    }

    private static Command Sign(ConsoleHost host)
    {
        var input = Parsing.FileOption("--in", "The request that somebody else signed", required: true);
        var output = Parsing.FileOption("--out", "Where to write it with the further signature", required: true);
        return new Command("sign", """
            Adds an administrator's signature over the same bytes

            Example:
              brokerctl request sign --in add-bob.json --out add-bob-2.json --user erin
            """).With(input, output).Runs(host, context =>
        {
            var (saved, signed, request) = SavedRequest.Load(context.Need(input));
            var signer = RequestSigner.User(context);
            if (request.Cluster != context.Profile.Trust.Cluster)
                throw CommandException.Usage("the request is for another installation", "use that installation's profile");
            if (request.NotAfter < context.Now)
                throw CommandException.Usage($"the request's time was over at {request.NotAfter:u}", "have it made again");
            if (signed.Signatures.Any(s => s.User == signer) || signed.Signatures.Count >= MaxSignatures)
                throw CommandException.Usage($"{signer} signed already, or there are {MaxSignatures} signatures");
            var more = signed with { Signatures = [.. signed.Signatures, RequestSigner.Sign(context, signer, signed.Statement.ToArray())] };
            Describe(context.Host.Error, request, signed);
            SavedRequest.Of(more, saved.Upload).Create(context.Need(output));
            Effect.PrintSaved(context, context.Need(output), more);
            return ExitCode.Ok;
        });
    }

    private static Command Send(ConsoleHost host)
    {
        var file = new Argument<string>("file") { Description = "The request" };
        var wait = GlobalOptions.Range(new("--wait") { Description = "Of a launch: seconds to wait for its end, 0 to 300" }, 0, 300);
        return new Command("send", """
            Sends a request; the same request again is not done twice

            Example:
              brokerctl request send add-bob-2.json
            """).With(file, wait).Runs(host, context =>
        {
            var (saved, signed, _) = SavedRequest.Load(context.Get(file));
            return Effect.SendAsync(context, saved, signed, context.Get(wait));
        });
    }

    private static void Describe(TextWriter o, Request request, SignedRequest signed)
    {
        o.WriteLine($"customer   {request.Customer}");
        o.WriteLine($"asks       {EffectRoute.Of(request, signed.Payload.Span).Words}");
        o.WriteLine($"requester  {request.User}, good until {request.NotAfter:u}, key {request.IdempotencyKey}");
        o.WriteLine($"signed by  {string.Join(", ", signed.Signatures.Select(static s => s.User.Value))}");
        o.WriteLine($"hash       {Digest.Of(signed.Statement.Span)}");
    }
}
