using System.Text.Json;
using Broker.Console.Customers;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Requests;

/// <summary>Result of <c>--save-request</c> and <c>request sign</c>.</summary>
internal sealed record SavedResult(string File, string Action, IReadOnlyList<string> SignedBy);

/// <summary>Result of an effect that answers nothing.</summary>
internal sealed record DoneResult(string Action, string Subject);

/// <summary>One effect: signed, perhaps saved, sent until an answer comes, its answer verified and printed.</summary>
internal static class Effect
{
    private const int Attempts = 3;

    /// <summary>Signs and sends.</summary>
    /// <param name="context">The run.</param>
    /// <param name="options">The command's options.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="action">What is asked for.</param>
    /// <param name="make">Makes payload and upload for a draft.</param>
    /// <param name="wait">Seconds that the broker may hold its answer back.</param>
    /// <param name="life">How long the request lives.</param>
    /// <param name="directory">Where files for holders of custody are written; null for the profile.</param>
    public static async Task<int> RunAsync(
        CommandContext context, EffectOptions options, Name customer, UserAction action,
        Func<RequestDraft, (byte[] Payload, byte[]? Upload)> make, int wait = 0, TimeSpan? life = null,
        string? directory = null)
    {
        var user = RequestSigner.User(context);
        var key = Key(context.Get(options.IdempotencyKey));
        var draft = RequestSigner.Begin(context, customer, user, key, life ?? RequestSigner.Life);
        var (payload, upload) = make(draft);
        if (key is { } given && context.Profile.Customer(customer).Request(given) is var kept && File.Exists(kept))
            return await AgainAsync(context, kept, draft, action, payload, wait, directory);
        var signed = RequestSigner.Sign(context, draft, action, payload, context.Get(options.CoSign) ?? []);
        var saved = SavedRequest.Of(signed, upload);
        if (context.Get(options.Save) is { } file)
        {
            saved.Create(file);
            PrintSaved(context, file, signed);
            return ExitCode.Ok;
        }

        if (key is not null)
            saved.Create(context.Profile.Customer(customer).Request(draft.Key));
        return await SendAsync(context, saved, signed, wait, directory);
    }

    /// <summary>Sends a signed request and handles its answer.</summary>
    public static async Task<int> SendAsync(
        CommandContext context, SavedRequest saved, SignedRequest signed, int wait, string? directory = null)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        var route = EffectRoute.Of(request, signed.Payload.Span);
        if (request.Cluster != context.Profile.Trust.Cluster)
            throw CommandException.Usage("the request is for another installation", "use that installation's profile");
        // The keys to verify the answer by are there before anything is done.
        var customer = route.Answer is EffectAnswer.Changed or EffectAnswer.Custody
            ? await PinnedCustomer.LoadAsync(context, request.Customer) : null;
        var body = request.Action == UserAction.PutCredential.Name || request.Action == UserAction.PutNextVersion.Name
            ? JsonSerializer.SerializeToUtf8Bytes(
                new PutCredentialModel(saved.Request, saved.Upload ?? throw CommandException.Usage("the sealed credential is missing")),
                ApiJson.Default.PutCredentialModel)
            : JsonSerializer.SerializeToUtf8Bytes(saved.Request, ApiJson.Default.SignedRequestModel);
        var path = wait > 0 ? $"{route.Path}?wait={wait}" : route.Path;
        var answer = await SendUntilAnsweredAsync(context, route.Method, path, body, wait, saved, request);
        if (answer is not null && route.Answer == EffectAnswer.Custody)
            return Custody.CustodyAnswer.Take(context, customer!, signed, answer, directory);
        return answer is null ? Already(context, route) : await EffectResults.PrintAsync(context, route, customer, answer);
    }

    public static void PrintSaved(CommandContext context, string file, SignedRequest signed)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        var result = new SavedResult(file, request.Action, [.. signed.Signatures.Select(static s => s.User.Value)]);
        context.Print(result, ConsoleJson.Default.SavedResult, o =>
        {
            o.WriteLine($"not sent; written to {file}, signed by {string.Join(", ", result.SignedBy)}, good until {request.NotAfter:u}");
            o.WriteLine($"next: brokerctl request sign --in {file} --out FILE, then brokerctl request send FILE");
        });
    }

    // The same bytes again are not done twice, so an answer that was lost is asked for again.
    private static async Task<byte[]?> SendUntilAnsweredAsync(
        CommandContext context, HttpMethod method, string path, byte[] body, int wait, SavedRequest saved, Request request)
    {
        CommandException? lost = null;
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            try
            {
                return await context.Gateway.SendAsync(method, path, body, context.Timeout + TimeSpan.FromSeconds(wait));
            }
            catch (CommandException e) when (e.Exit == ExitCode.OutcomeUnknown)
            {
                lost = e;
            }
            catch (CommandException e) when (e.Exit == ExitCode.Unreachable && lost is not null)
            {
                break;
            }
            catch (CommandException e) when (e.Code == Problems.AlreadyCommitted)
            {
                return null;
            }
        }

        var file = context.Profile.Customer(request.Customer).Request(request.IdempotencyKey);
        saved.Replace(file);
        throw new CommandException(
            ExitCode.OutcomeUnknown, lost!.Code, lost.Message, $"the same request is not done twice: brokerctl request send {file}");
    }

    private static int Already(CommandContext context, EffectRoute route)
    {
        context.Print(new DoneResult("already-committed", route.Words), ConsoleJson.Default.DoneResult, o =>
            o.WriteLine($"done before, by the same request: {route.Words}"));
        return ExitCode.Ok;
    }

    private static async Task<int> AgainAsync(
        CommandContext context, string kept, RequestDraft draft, UserAction action, byte[] payload, int wait,
        string? directory)
    {
        var (saved, signed, request) = SavedRequest.Load(kept);
        if (request.Action != action.Name || request.User != draft.User || !signed.Payload.Span.SequenceEqual(payload))
        {
            throw CommandException.Usage(
                "the idempotency key was used for another request",
                $"make a new key; or send that one again: brokerctl request send {kept}");
        }

        return await SendAsync(context, saved, signed, wait, directory);
    }

    private static Id16? Key(string? text) => text switch
    {
        null => null,
        _ when Id16.TryParse(text, out var key) => key,
        _ => throw CommandException.Usage("--idempotency-key is 32 hexadecimal digits"),
    };
}
