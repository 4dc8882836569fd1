namespace Broker.Dmz.Tests.Integrity;

/// <summary>One change of the zone's database by plain SQL, while the zone stands still and the key's owner lives.</summary>
/// <param name="Code">The code with which the operation that meets it ends, and that a chain then tells.</param>
/// <param name="Meets">The operation.</param>
/// <param name="Sql">What is run.</param>
internal sealed record Tampering(string Code, Func<Scene, Task<string>> Meets, Func<Scene, string> Sql)
{
    /// <summary>What the customer does before.</summary>
    public Func<Scene, Task>? First { get; init; }

    /// <summary>Tables of the customer that are kept as they then are.</summary>
    public string[] Keep { get; init; } = [];

    /// <summary>What the customer does after they were kept.</summary>
    public Func<Scene, Task>? Then { get; init; }

    /// <summary>Puts the kept tables in the place of what they have become.</summary>
    public static string PutBack(Scene s, params string[] tables) => string.Concat(tables.Select(
        t => $"DELETE FROM {t} WHERE {Column(t)} = '{s.Id}'; INSERT INTO {t} SELECT * FROM kept_{t};"));

    /// <summary>Keeps tables of the customer.</summary>
    public static string KeepAs(Scene s, params string[] tables) => string.Concat(tables.Select(
        t => $"DROP TABLE IF EXISTS kept_{t}; CREATE TABLE kept_{t} AS SELECT * FROM {t} WHERE {Column(t)} = '{s.Id}';"));

    private static string Column(string table) => table is "blocks" or "chains" ? "chain" : "customer";
}
