namespace Broker.Configuration.Settings;

/// <summary>Finds what someone probably meant to write.</summary>
internal static class Likeness
{
    /// <summary>The candidate that is nearest by edits, or null if none is near enough to be meant.</summary>
    public static string? Nearest(string written, IEnumerable<string> candidates)
    {
        if (written.Length > 64)
            return null;
        var best = candidates
            .Where(candidate => candidate.Length <= 64)
            .Select(candidate => (Candidate: candidate, Distance: Distance(written, candidate)))
            .OrderBy(pair => pair.Distance)
            .ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Candidate is not null && best.Distance <= Math.Max(1, written.Length / 3) ? best.Candidate : null;
    }

    /// <summary>
    /// Insertions, removals, replacements and swaps of neighbours that turn one text into the other; case counts for nothing.
    /// </summary>
    public static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                var least = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                    least = Math.Min(least, rows[i - 2, j - 2] + 1);
                rows[i, j] = least;
            }
        }
        return rows[left.Length, right.Length];
    }

    private static bool Same(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);
}
