using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes;

internal sealed class LineCutterTests
{
    [TestCase("", new string[0])]
    [TestCase("a", new[] { "a" })]
    [TestCase("a\n", new[] { "a" })]
    [TestCase("a\r\nb\r\n\r\nc", new[] { "a", "b", "", "c" })]
    [TestCase("\n\n", new[] { "", "" })]
    [TestCase("12345678", new[] { "12345678" })]
    [TestCase("12345678\nx", new[] { "12345678", "x" })]
    [TestCase("123456789\n", new[] { "12345678", "9" })]
    [TestCase("12345678123456781\n\nx", new[] { "12345678", "12345678", "1", "", "x" })]
    [TestCase("1234567\U0001F600x", new[] { "1234567", "\U0001F600x" })]
    public void Text_SplitAnywhere_ComesOutAsTheSameLines(string text, string[] expected)
    {
        for (var first = 0; first <= text.Length; first++)
        {
            for (var second = first; second <= text.Length; second++)
            {
                var lines = new List<string>();
                var cutter = new LineCutter(8, lines.Add);
                cutter.Add(text.AsSpan(0, first));
                cutter.Add(text.AsSpan(first..second));
                cutter.Add(text.AsSpan(second));
                cutter.End();
                Assert.That(lines, Is.EqualTo(expected), $"cut at {first} and {second}");
            }
        }
    }
}
