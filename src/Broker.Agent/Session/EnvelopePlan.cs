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
        if (items.Count is 0 or > LaunchPayload.MaxItems || bodyLength > MaxBody || !AddUp(items, bodyLength))
            return RefusalCode.EnvelopeMalformed;

        var planned = new List<(NamedUse Use, IReadOnlyList<int> Items)>(1);
        for (var i = 0; i < items.Count; i++)
        {
            if (!IsFirst(items, i))
                continue;
            if (!uses.TryGetValue(items[i].Use, out var use))
                return RefusalCode.UnknownUse;
            var together = Together(items, i);
            if (!Fits(use, [.. together.Select(n => items[n].Credential)]))
                return RefusalCode.CredentialsDoNotFit;

            planned.Add((use, together));
        }

        plan = planned;
        return null;
    }

    private static bool AddUp(IReadOnlyList<EnvelopeItem> items, long bodyLength)
    {
        foreach (var item in items)
        {
            if (item.Length > CredentialKinds.MaxLength || item.Version == 0)
                return false;
            bodyLength -= item.Length;
        }

        return bodyLength == 0;
    }

    private static bool IsFirst(IReadOnlyList<EnvelopeItem> items, int position)
    {
        for (var i = 0; i < position; i++)
        {
            if (items[i].Use == items[position].Use)
                return false;
        }

        return true;
    }

    private static List<int> Together(IReadOnlyList<EnvelopeItem> items, int first)
    {
        var together = new List<int>(1);
        for (var i = first; i < items.Count; i++)
        {
            if (items[i].Use == items[first].Use)
                together.Add(i);
        }

        return together;
    }

    private static bool Fits(NamedUse use, HashSet<Name> credentials, int count) => credentials.Count == count && use.Mode switch
    {
        UseMode.Stdin => count == 1,
        UseMode.File => credentials.SetEquals(use.Start!.Files),
        _ => true,
    };

    private static bool Fits(NamedUse use, IReadOnlyCollection<Name> credentials) => Fits(use, [.. credentials], credentials.Count);
}
