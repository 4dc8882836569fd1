using System.Text;

namespace Broker.Configuration.Tests;

/// <summary>
/// Whatever the bytes, there is a document or a <see cref="HoconException"/>. Bounded by the number of inputs; the seeds make it
/// repeatable.
/// </summary>
public sealed class FuzzSpecs : IDisposable
{
    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", "\n", "=", ":", "+=", "a", "b", ".", "${a}", "${?a}", "${b.a}", "${", "\"", "\"\"\"", "\\", "\\u00", "#",
        "//",
        " ", "1", "-0.5e", "null", "true", "include \"x\"", "include", "a = ${a} {b = ${a.b}}", "a += ${b}", "b = ${a}",
        "a.b", "\0", "é", "\u2028", "$", "10 s",
    ];

    private const string Valid =
        """"
        # a document with everything
        a { b = [1, 2] [3], c = ${a.b}, "d.e" = x y ${?NAME} }
        a.f += { g = null, h = "esc\n\u00e9" }
        raw = """raw " text"""
        base { n = 1, m = ${base.n} }
        over = ${base} { n = 2, p = /${over.n} }
        over.q : 10 s // end
        """";

    private readonly TemporaryDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Mutated_documents_should_be_read_or_refused()
    {
        Assert.NotNull(Hocon.Read(Valid));
        var refused = 0;
        for (uint seed = 1; seed <= 10_000; seed++)
            refused += IsRead(Mutate(new Generator(seed))) ? 0 : 1;
        Assert.InRange(refused, 500, 9_950);
    }

    [Fact]
    public void Random_fragments_should_be_read_or_refused()
    {
        var refused = 0;
        for (uint seed = 1; seed <= 10_000; seed++)
        {
            var random = new Generator(seed);
            var text = new StringBuilder();
            for (var count = random.Below(40); count > 0; count--)
                text.Append(Fragments[random.Below(Fragments.Length)]);
            refused += IsRead(text.ToString()) ? 0 : 1;
        }
        Assert.InRange(refused, 500, 9_950);
    }

    [Fact]
    public void Random_substitutions_should_be_resolved_or_refused()
    {
        var refused = 0;
        for (uint seed = 1; seed <= 10_000; seed++)
        {
            var random = new Generator(seed);
            var text = new StringBuilder();
            for (var count = 1 + random.Below(8); count > 0; count--)
                text.Append(Path(random)).Append(" = ").Append(Value(random, 3)).Append('\n');
            refused += IsRead(text.ToString()) ? 0 : 1;
        }
        Assert.InRange(refused, 500, 9_950);

        static string Path(Generator random) => random.Below(2) == 0 ? Key(random) : $"{Key(random)}.{Key(random)}";

        static string Key(Generator random) => "abc"[random.Below(3)].ToString();

        static string Value(Generator random, int depth) => random.Below(depth > 0 ? 7 : 3) switch
        {
            0 => "x",
            1 => $"${{{Path(random)}}}",
            2 => $"${{?{Path(random)}}}",
            3 => $"{{ {Key(random)} = {Value(random, depth - 1)} }}",
            4 => $"[ {Value(random, depth - 1)} ]",
            _ => $"{Value(random, depth - 1)} {Value(random, depth - 1)}",
        };
    }

    [Fact]
    public void Random_bytes_should_be_read_or_refused()
    {
        for (uint seed = 1; seed <= 500; seed++)
        {
            var random = new Generator(seed);
            var bytes = new byte[random.Below(200)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.Below(seed % 2 == 0 ? 256 : 128);
            _files.Write("x.conf", bytes);
            try
            {
                _files.Load("x.conf");
            }
            catch (HoconException error)
            {
                Assert.NotEmpty(error.Errors);
            }
        }
    }

    private static string Mutate(Generator random)
    {
        var text = new StringBuilder(Valid);
        for (var count = 1 + random.Below(4); count > 0; count--)
        {
            var at = random.Below(text.Length);
            switch (random.Below(4))
            {
                case 0:
                    text.Remove(at, Math.Min(1 + random.Below(8), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, Fragments[random.Below(Fragments.Length)]);
                    break;
                case 2:
                    text[at] = (char)random.Below(256);
                    break;
                default:
                    text.Insert(random.Below(text.Length), text.ToString(at, Math.Min(random.Below(60), text.Length - at)));
                    break;
            }
        }
        return text.ToString();
    }

    private static bool IsRead(string text)
    {
        try
        {
            Hocon.Read(text);
            return true;
        }
        catch (HoconException error)
        {
            Assert.NotEmpty(error.Errors);
            return false;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{error.GetType().Name} for: {text}", error);
        }
    }

    /// <summary>A small generator (xorshift) that gives the same numbers for the same seed everywhere.</summary>
    private sealed class Generator(uint seed)
    {
        private uint _state = unchecked(seed * 2654435761u) | 1;

        public int Below(int bound)
        {
            _state ^= _state << 13;
            _state ^= _state >> 17;
            _state ^= _state << 5;
            return (int)(_state % (uint)bound);
        }
    }
}
