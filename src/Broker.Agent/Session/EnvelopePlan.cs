using Broker.Agent.Uses;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;

namespace Broker.Agent.Session;

/// <summary>The uses that the credentials of one envelope are for, judged from the header alone.</summary>
internal static class EnvelopePlan
{
    /// <summary>Most bytes of an envelope's credentials together.</summary>
    internal const int MaxBody = 4 << 20;

    /// <summary>Divides the credentials by use.</summary>
    /// <param name="items">The header's list.</param>
    /// <param name="bodyLength">Bytes of the body.</param>
    /// <param name="uses">The agent's named uses.</param>
    /// <param name="plan">Each use with the positions of its credentials in the list.</param>
    /// <returns>A constant of <see cref="RefusalCode"/>, or null.</returns>
    internal static string? TryMake(
        IReadOnlyList<EnvelopeItem> items,
        long bodyLength,
        IReadOnlyDictionary<Name, NamedUse> uses,
        out IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> plan)
    {
        plan = [];
        if (items.Count is 0 or > LaunchPayload.MaxItems || items.Any(static i => i.Length > CredentialKinds.MaxLength || i.Version == 0)
            || items.Sum(static i => (long)i.Length) != bodyLength || bodyLength > MaxBody)
            return RefusalCode.EnvelopeMalformed;

        var planned = new List<(NamedUse Use, IReadOnlyList<int> Items)>();
        foreach (var group in Enumerable.Range(0, items.Count).GroupBy(i => items[i].Use))
        {
            if (!uses.TryGetValue(group.Key, out var use))
                return RefusalCode.UnknownUse;
            if (!Fits(use, [.. group.Select(i => items[i].Credential)]))
                return RefusalCode.CredentialsDoNotFit;

            planned.Add((use, [.. group]));
        }

        plan = planned;
        return null;
    }

    private static bool Fits(NamedUse use, HashSet<Name> credentials, int count) => credentials.Count == count && use.Mode switch
    {
        UseMode.Stdin => count == 1,
        UseMode.File => credentials.SetEquals(use.Start!.Files),
        _ => true,
    };

    private static bool Fits(NamedUse use, IReadOnlyCollection<Name> credentials) => Fits(use, [.. credentials], credentials.Count);
}
