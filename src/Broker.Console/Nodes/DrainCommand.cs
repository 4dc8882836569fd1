using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Nodes;

/// <summary><c>brokerctl node drain</c>: a node gives its customers and agents to the others, and ends.</summary>
internal static class DrainCommand
{
    private const string Closing = "closing";
    private const string Route = ApiRoutes.V1 + "/node/drain";
    private const int Wait = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Create(ConsoleHost host)
    {
        var node = Parsing.NameArgument("node", "The node's name: another one that answers is left alone");
        var follow = new Option<bool>("--follow")
        {
            Description = "Shows how far it is until it has ended; exit code 1 where something is left",
        };
        var show = new Option<bool>("--show") { Description = "Shows how far it is, and asks for nothing" };
        return new Command("drain", """
            Has the node that the profile names give its customers and agents to the other nodes, and end

            Only for the consoles that the node's configuration names (broker.dmz.drain.consoles). For a restart use the service manager:
            systemctl restart broker-dmz does the same, and passes the node's tickets to the next start.

            Example:
              brokerctl node drain dmz-1 --follow
            """) { node, follow, show }.Runs(host, async context =>
        {
            var incarnation = await NodeCheck.LoadAsync(context, context.Get(node));
            var model = context.Get(show)
                ? await context.Gateway.GetAsync(Route, ApiJson.Default.DrainModel)
                : await context.Gateway.PostAsync(
                    Route, new DrainNodeModel(incarnation.Node.Value, incarnation.Key.Fingerprint.ToString()),
                    ApiJson.Default.DrainNodeModel, ApiJson.Default.DrainModel);
            if (context.Get(follow))
                model = await FollowAsync(context, model);
            context.Print(model, ApiJson.Default.DrainModel, o => Write(o, model));
            return context.Get(follow) && model.Phase == Closing && model.NotGivenOver.Count > 0
                ? throw new CommandException(
                    ExitCode.Refused, model.NotGivenOver[0].Code, $"nobody took {model.NotGivenOver.Count} customers over",
                    "unlock them at another node, or admit one before the next drain: brokerctl node vouch, node admit")
                : ExitCode.Ok;
        });
    }

    /// <summary>How it stood last when the node was gone.</summary>
    private static async Task<DrainModel> FollowAsync(CommandContext context, DrainModel model)
    {
        var shown = "";
        while (true)
        {
            if (Line(model) is var line && line != shown)
                context.Note(shown = line);
            DrainModel next;
            try
            {
                if (model.Phase == Closing)
                    await Task.Delay(Pause, context.Host.Time, context.Cancellation);
                next = await context.Gateway.GetAsync(
                    $"{Route}?after={model.Version}&wait={Wait}", ApiJson.Default.DrainModel, TimeSpan.FromSeconds(Wait));
            }
            catch (CommandException gone) when (gone.Exit is ExitCode.Unreachable or ExitCode.OutcomeUnknown)
            {
                return model.Phase == Closing ? model : throw new CommandException(
                    ExitCode.OutcomeUnknown, "drain-not-followed", $"node {model.Node} is gone, and had not said that it was done",
                    "brokerctl cluster status at another node says who owns what");
            }

            if (next.Incarnation != model.Incarnation)
                return model;
            model = next;
        }
    }

    private static string Line(DrainModel model) =>
        $"{model.Node} {model.Phase}: {model.GivenOver} given over, {model.Owned} owned, {model.Tickets} tickets, {model.Agents} agents";

    private static void Write(TextWriter o, DrainModel model)
    {
        o.WriteLine(Line(model));
        if (model.Reason.Length > 0)
            o.WriteLine($"  because {model.Reason}");
        foreach (var left in model.NotGivenOver)
            o.WriteLine($"  {left.Customer,-20} not given over: {left.Code}");
    }
}
